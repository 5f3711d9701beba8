//! `tokens`: what a running node's building holds of the hive's accounting units, and moving them.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use web::request::{ApproveRequest, RetireRequest, TransferRequest};
use web::view::{RetirementWord, TokenDoneView, TokenName, TokensView};

use super::client::Client;
use super::say::Say;
use super::{Exit, Failed, runtime};

/// Look at and move tokens and carbon credits: accounting units of the hive, not money.
#[derive(Debug, Subcommand)]
pub(super) enum Tokens {
    /// Say what the building holds.
    Show {
        /// Data folder of the node.
        #[arg(long, default_value = ".")]
        dir: PathBuf,
    },
    /// Send units to another member.
    Send {
        /// How much: kWh, or kg of CO2e.
        amount: String,
        /// `nrg`, or the month of credits such as 2026-11.
        what: String,
        /// The other member's address.
        to: String,
        /// Take them from this member, which lets this building do so.
        #[arg(long)]
        from: Option<String>,
        /// Data folder of the node.
        #[arg(long, default_value = ".")]
        dir: PathBuf,
    },
    /// Let another member move units of this building.
    Approve {
        /// How much in all; 0 takes the leave back.
        amount: String,
        /// Of what.
        token: Kind,
        /// The other member's address.
        spender: String,
        /// Data folder of the node.
        #[arg(long, default_value = ".")]
        dir: PathBuf,
    },
    /// Use credits up, for good.
    Retire {
        /// How many kg of CO2e.
        amount: String,
        /// Of which month, such as 2026-11.
        month: String,
        /// What for.
        reason: Reason,
        /// Data folder of the node.
        #[arg(long, default_value = ".")]
        dir: PathBuf,
    },
}

/// What is counted.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Kind {
    Nrg,
    Carbon,
}

/// What credits are used up for.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Reason {
    OwnFootprint,
    Report,
    OnBehalf,
    Withdrawn,
}

impl Tokens {
    pub(super) fn run(self, say: &Say) -> Result<(), Failed> {
        match self {
            Self::Show { dir } => {
                let client = Client::of(&dir)?;
                let held: TokensView = runtime()?.block_on(client.get("/api/v1/tokens"))?;
                say.answer(&held, || in_words(&held));
                Ok(())
            }
            Self::Send { amount, what, to, from, dir } => {
                let (token, vintage) = match what.as_str() {
                    "nrg" => (TokenName::Nrg, None),
                    month if month.contains('-') => (TokenName::Carbon, Some(month.to_owned())),
                    other => {
                        let detail = format!("`{other}` is neither nrg nor a month such as 2026-11");
                        return Err(Failed::new(Exit::Usage, detail));
                    }
                };
                act(&dir, "transfer", &TransferRequest { token, vintage, to, amount, from }, say)
            }
            Self::Approve { amount, token, spender, dir } => {
                let token = match token {
                    Kind::Nrg => TokenName::Nrg,
                    Kind::Carbon => TokenName::Carbon,
                };
                act(&dir, "approve", &ApproveRequest { token, spender, amount }, say)
            }
            Self::Retire { amount, month, reason, dir } => {
                let reason = match reason {
                    Reason::OwnFootprint => RetirementWord::OwnFootprint,
                    Reason::Report => RetirementWord::Report,
                    Reason::OnBehalf => RetirementWord::OnBehalf,
                    Reason::Withdrawn => RetirementWord::Withdrawn,
                };
                act(&dir, "retire", &RetireRequest { vintage: month, amount, reason }, say)
            }
        }
    }
}

fn act(dir: &std::path::Path, what: &str, body: &impl serde::Serialize, say: &Say) -> Result<(), Failed> {
    let client = Client::of(dir)?;
    let path = format!("/api/v1/tokens/{what}");
    let done: TokenDoneView = runtime()?.block_on(client.post(&path, body))?;
    say.answer(&done, || format!("final: transaction {}", done.id));
    Ok(())
}

fn in_words(held: &TokensView) -> String {
    let mut lines = vec![
        format!("account    {}", held.account),
        format!("holds      {} NRG of {}", held.nrg, held.nrg_supply),
    ];
    lines.extend(
        held.credits
            .iter()
            .map(|one| format!("credits    {}  {} kg, {} retired", one.id, one.held, one.retired)),
    );
    let other = |name: &Option<String>, account: &str| name.clone().unwrap_or_else(|| account.to_owned());
    lines.extend(held.allowances.iter().map(|one| {
        format!("lets       {} move {} {:?}", other(&one.name, &one.account), one.amount, one.token)
    }));
    lines.push(
        "accounting units of this hive: not money, redeemable for nothing, on no public chain".to_owned(),
    );
    lines.join("\n")
}
