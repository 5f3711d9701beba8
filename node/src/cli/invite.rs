//! `invite`: an invitation from a running authority.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use protocol::limits::INVITATION_LIFE_MS_MAX;
use web::Page;
use web::request::InvitationRequest;
use web::view::{InvitationStatus, InvitationView, IssuedInvitation, Role};

use super::client::Client;
use super::say::Say;
use super::{Failed, runtime};

#[derive(Debug, Args)]
pub(super) struct Invite {
    #[command(subcommand)]
    other: Option<Other>,
    /// Data folder of the node that invites.
    #[arg(long, default_value = ".", global = true)]
    dir: PathBuf,
    /// How long it is valid: a number with s, m or h, at most 24h.
    #[arg(long, default_value = "24h", value_parser = seconds)]
    expires: u32,
    /// Address a newcomer can reach a member under; may be given several times. By default those this node listens on.
    #[arg(long = "address", value_name = "MULTIADDR")]
    addresses: Vec<String>,
    /// The highest role the newcomer may ever be given.
    #[arg(long, default_value = "follower")]
    role: InvitedRole,
}

#[derive(Debug, Subcommand)]
enum Other {
    /// The invitations that this node made.
    List,
    /// Take an invitation back that was not used.
    Revoke {
        /// Its id, or as many of its first digits as tell it from the others.
        id: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum InvitedRole {
    Follower,
    Authority,
}

impl Invite {
    pub(super) fn run(&self, say: &Say) -> Result<(), Failed> {
        let client = Client::of(&self.dir)?;
        match &self.other {
            None => self.make(&client, say),
            Some(Other::List) => list(&client, say),
            Some(Other::Revoke { id }) => revoke(&client, id, say),
        }
    }

    fn make(&self, client: &Client, say: &Say) -> Result<(), Failed> {
        let role = match self.role {
            InvitedRole::Follower => Role::Follower,
            InvitedRole::Authority => Role::Authority,
        };
        let request = InvitationRequest {
            expires_s: Some(self.expires),
            role: Some(role),
            addresses: self.addresses.clone(),
        };
        let invitation: InvitationView = runtime()?.block_on(client.post("/api/v1/invitations", &request))?;
        say.answer(&invitation, || invitation.invitation.clone());
        Ok(())
    }
}

fn issued(client: &Client) -> Result<Vec<IssuedInvitation>, Failed> {
    let page: Page<IssuedInvitation> = runtime()?.block_on(client.get("/api/v1/invitations?limit=1000"))?;
    Ok(page.items)
}

fn list(client: &Client, say: &Say) -> Result<(), Failed> {
    let issued = issued(client)?;
    say.answer(&issued, || {
        let line = |one: &IssuedInvitation| {
            let status = match one.status {
                InvitationStatus::Open => "open",
                InvitationStatus::Waiting => "waiting",
                InvitationStatus::Used => "used",
                InvitationStatus::Revoked => "taken back",
                InvitationStatus::Expired => "expired",
            };
            let role = protocol::Role::from(one.role).name();
            format!("{}  {status:10}  {role:9}  until {}  by {}", &one.id[..12], one.expires, one.by)
        };
        issued.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    Ok(())
}

fn revoke(client: &Client, id: &str, say: &Say) -> Result<(), Failed> {
    let issued = issued(client)?;
    let mut meant = issued.iter().filter(|one| one.id.starts_with(id));
    let id = match (meant.next(), meant.next()) {
        (Some(one), None) => one.id.clone(),
        // One that another authority made.
        (None, _) if id.len() == 64 => id.to_owned(),
        (None, _) => {
            return Err(Failed::new(super::Exit::Usage, "no invitation of this node starts like this"));
        }
        (Some(_), Some(_)) => {
            return Err(Failed::new(super::Exit::Usage, "several invitations start like this"));
        }
    };
    runtime()?.block_on(client.delete(&format!("/api/v1/invitations/{id}")))?;
    say.answer(&serde_json::json!({ "revoked": id }), || "It opens no door any more.".to_owned());
    Ok(())
}

fn seconds(text: &str) -> Result<u32, String> {
    let (number, unit) = match text.char_indices().last() {
        Some((at, 's')) => (&text[..at], 1),
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 3_600),
        Some(_) | None => (text, 1),
    };
    let seconds = number.parse::<u32>().ok().and_then(|number| number.checked_mul(unit));
    seconds
        .filter(|seconds| (1..=INVITATION_LIFE_MS_MAX / 1000).contains(&i64::from(*seconds)))
        .ok_or_else(|| "expected 1s to 24h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lives_have_units_and_bounds() {
        assert_eq!([seconds("90"), seconds("2m"), seconds("24h")], [Ok(90), Ok(120), Ok(86_400)]);
        for wrong in ["", "0", "25h", "-1s", "1d", "h", "99999999h"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
