//! `join`: the newcomer's side of an invitation. Its key is made here and never leaves.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use protocol::invitation::JoinRefusal;
use protocol::limits::JOIN_FRAME_BYTES_MAX;
use protocol::{Genesis, Invitation, JoinRequest, JoinResponse, NetworkKey, SigningKey, decode, encode};
use serde_json::json;

use super::claim::Way;
use super::init::Folder;
use super::say::Say;
use super::{Exit, Failed, runtime};
use crate::shell::network::{self, JoinError, NetworkConfig};
use crate::shell::{certificate, checkpoint, hive_name, own_keys, secrets};

#[derive(Debug, Args)]
pub(super) struct Join {
    /// The folder; it is made.
    #[arg(long)]
    dir: PathBuf,
    /// Name of the building.
    #[arg(long)]
    name: String,
    /// The invitation, one word.
    invitation: String,
}

impl Join {
    pub(super) fn run(&self, say: &Say) -> Result<(), Failed> {
        let invitation = Invitation::from_text(&self.invitation)
            .map_err(|error| Failed::new(Exit::Usage, format!("the invitation cannot be read: {error}")))?;
        let folder = Folder::make(&self.dir)?;
        let seed = secrets::read_or_make(&folder.path("node.key")).map_err(Failed::failure)?;
        let addresses = addresses(&invitation)?;
        let genesis = ask(&invitation, &seed, &addresses)?;
        checkpoint::write(&self.dir, &invitation.checkpoint()).map_err(Failed::failure)?;
        let epoch = invitation.particulars.map_or(0, |particulars| particulars.epoch);
        if epoch > 0 {
            let keys = BTreeMap::from([(epoch, NetworkKey::new(*invitation.swarm_key.as_bytes()))]);
            own_keys::write_network_keys(&self.dir, &keys).map_err(Failed::failure)?;
        }
        folder.write(&self.name, &genesis, invitation.swarm_key.as_bytes(), &addresses)?;
        let (chain, address) = (genesis.chain(), SigningKey::from_seed(&seed).address());
        let way = Way::make(&self.dir)?;
        let page = invitation.particulars.and_then(|particulars| particulars.page);
        let inviter = page.map(certificate::shown);
        let answer = json!({ "dir": self.dir, "chain": chain.to_string(), "address": address.to_string(),
            "inviter_fingerprint": inviter, "claim": way.as_json() });
        say.answer(&answer, || {
            let config = folder.path("node.toml");
            let (config, words) = (config.display(), way.in_words());
            let page =
                inviter.as_ref().map(|shown| format!("Certificate of the inviter's page: SHA-256 {shown}\n"));
            let page = page.unwrap_or_default();
            format!(
                "Admitted to hive {chain}\n{page}Start it with: symbiose run --config {config}\n\n{words}"
            )
        });
        Ok(())
    }
}

fn addresses(invitation: &Invitation) -> Result<Vec<String>, Failed> {
    let text = |address: &[u8]| String::from_utf8(address.to_vec());
    let addresses = invitation.addresses.iter().map(|address| text(address.as_slice()));
    addresses
        .collect::<Result<_, _>>()
        .map_err(|_| Failed::new(Exit::Usage, "the invitation holds an address that is no text"))
}

fn ask(invitation: &Invitation, seed: &[u8; 32], addresses: &[String]) -> Result<Genesis, Failed> {
    let key = SigningKey::from_seed(seed);
    let grant = &invitation.signed.grant;
    let request = JoinRequest {
        signed: invitation.signed.clone(),
        secret: invitation.secret,
        member: key.public(),
        proof: grant.prove(&key),
    };
    let config = NetworkConfig {
        standing: None,
        seed: *seed,
        swarm_key: *invitation.swarm_key.as_bytes(),
        hive: hive_name(&grant.chain),
        chain: grant.chain,
        wires: network::Wires::ALL,
        listen: Vec::new(),
        peers: Vec::new(),
        members: Default::default(),
        mdns: false,
    };
    let answer = runtime()?.block_on(network::ask_to_join(&config, addresses, encode(&request)));
    let bytes = answer.map_err(|error| match &error {
        JoinError::NoAnswer { .. } => Failed::new(Exit::Unreachable, error),
        JoinError::Network(_) | JoinError::TooLong { .. } => Failed::failure(error),
    })?;
    let response: JoinResponse = decode(&bytes, JOIN_FRAME_BYTES_MAX)
        .map_err(|error| Failed::failure(format!("the member's answer cannot be read: {error}")))?;
    match response {
        JoinResponse::Accepted(genesis) if genesis.chain() == grant.chain => Ok(genesis),
        JoinResponse::Accepted(_) => {
            Err(Failed::failure("the member's genesis is not the one of the invitation"))
        }
        JoinResponse::Refused(refusal) => Err(Failed::new(Exit::Refused, in_words(refusal))),
    }
}

fn in_words(refusal: JoinRefusal) -> &'static str {
    match refusal {
        JoinRefusal::OtherHive => "refused: the invitation is for another hive",
        JoinRefusal::NotInvited => "refused: the invitation does not hold",
        JoinRefusal::Used => "refused: the invitation was used before, or taken back",
        JoinRefusal::Expired => "refused: the invitation has expired",
        JoinRefusal::AlreadyMember => "refused: this key is a member already",
        JoinRefusal::Full => "refused: the hive is full",
        JoinRefusal::NotNow => "refused: the hive cannot admit anybody now; try again later",
    }
}
