//! `ledger`: look at a running node's ledger, or check a data folder's files from genesis to the last block.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use ledger::Chain;
use ledger::input::StoredBlock;
use protocol::{Genesis, Height};
use serde::Serialize;
use web::view::{BlockView, LedgerHead};

use super::client::Client;
use super::init::read_genesis;
use super::say::Say;
use super::{Exit, Failed, runtime};
use crate::config::Config;
use crate::shell::store::block_log::{Damage, Scan};

#[derive(Debug, Subcommand)]
pub(super) enum Ledger {
    /// The last final block of a running node.
    Head {
        /// Its data folder.
        #[arg(long, default_value = ".")]
        dir: PathBuf,
    },
    /// One block of a running node.
    Get {
        /// Its height.
        height: u64,
        /// The node's data folder.
        #[arg(long, default_value = ".")]
        dir: PathBuf,
    },
    /// Replay the files of a data folder from genesis, with every certificate and signature, and say what was found.
    Verify {
        /// The data folder.
        dir: PathBuf,
    },
}

impl Ledger {
    pub(super) fn run(&self, say: &Say) -> Result<(), Failed> {
        match self {
            Self::Head { dir } => {
                let head: LedgerHead = runtime()?.block_on(Client::of(dir)?.get("/api/v1/ledger/head"))?;
                say.answer(&head, || {
                    format!(
                        "height {}\nblock  {}\nstate  {}\ntime   {}",
                        head.height, head.block, head.state, head.time
                    )
                });
                Ok(())
            }
            Self::Get { height, dir } => {
                let path = format!("/api/v1/ledger/blocks/{height}");
                let block: BlockView = runtime()?.block_on(Client::of(dir)?.get(&path))?;
                say.answer(&block, || in_words(&block));
                Ok(())
            }
            Self::Verify { dir } => verify(dir, say),
        }
    }
}

fn in_words(block: &BlockView) -> String {
    let mut lines = vec![
        format!("block {} {}", block.height, block.block),
        format!("state {}", block.state),
        format!("time  {}", block.time),
        format!("{} signatures in round {}", block.certificate.signatures.len(), block.round),
    ];
    lines.extend(block.transactions.iter().map(|one| format!("{} {} by {}", one.id, one.kind, one.author)));
    lines.join("\n")
}

/// What a replay found.
#[derive(Debug, Default, Serialize)]
struct Report {
    ok: bool,
    chain: String,
    height: u64,
    block: String,
    state: String,
    log_root: String,
    transactions: u64,
    /// Bytes at the end that are no whole record: an append that was never synced.
    torn_bytes: u64,
    /// What is wrong, in one line; none when everything holds.
    fault: Option<String>,
}

fn verify(dir: &Path, say: &Say) -> Result<(), Failed> {
    let (data_dir, genesis) = locate(dir)?;
    let blocks = data_dir.join("blocks.log");
    if !blocks.is_dir() {
        return Err(Failed::failure(format!("{} holds no blocks.log", data_dir.display())));
    }
    let report = replay(&blocks, &genesis)?;
    say.answer(&report, || {
        let fault = report.fault.as_deref().unwrap_or("every certificate, signature and state hash holds");
        format!(
            "hive         {}\nheight       {}\nblock        {}\nstate        {}\nlog root     {}\ntransactions {}\n\
             torn end     {} bytes\n{fault}",
            report.chain, report.height, report.block, report.state, report.log_root, report.transactions,
            report.torn_bytes
        )
    });
    report.fault.map_or(Ok(()), |fault| Err(Failed::new(Exit::Failure, fault)))
}

/// The folder of the blocks and the genesis: by the folder's configuration, or as they are called by default.
fn locate(dir: &Path) -> Result<(PathBuf, Genesis), Failed> {
    let file = dir.join("node.toml");
    if file.exists() {
        let config = Config::load(&file, &[]).map_err(|error| Failed::new(Exit::Usage, error))?;
        let genesis = read_genesis(&config.genesis)?;
        return Ok((config.data_dir, genesis));
    }
    Ok((dir.to_owned(), read_genesis(&dir.join("genesis.cbor"))?))
}

/// Checks the chain link by link. It writes nothing, so the node may run.
fn replay(blocks: &Path, genesis: &Genesis) -> Result<Report, Failed> {
    let mut chain = Chain::genesis(genesis);
    let mut scan = Scan::open(blocks, genesis).map_err(Failed::failure)?;
    let mut fault = None;
    for stored in scan.by_ref() {
        let height = stored.block.header.height;
        if let Err(error) = step(&mut chain, stored) {
            fault = Some(format!("block {height} does not hold: {error}"));
            break;
        }
    }
    let (torn_bytes, damage) = scan.ended().map_err(Failed::failure)?;
    let fault = fault.or_else(|| damage.map(|damage| damaged(&damage)));
    Ok(Report {
        ok: fault.is_none(),
        chain: genesis.chain().to_string(),
        height: chain.height().0,
        block: chain.block().to_string(),
        state: chain.state().hash().to_string(),
        log_root: chain.log().root().to_string(),
        transactions: chain.log().size(),
        torn_bytes,
        fault,
    })
}

fn step(chain: &mut Chain, stored: StoredBlock) -> Result<(), ledger::BlockError> {
    let candidate = chain.check_certified(stored.block, &stored.certificate, &|_| false)?;
    chain.commit(candidate);
    Ok(())
}

fn damaged(damage: &Damage) -> String {
    let Damage { height: Height(height), file, offset, detail } = damage;
    format!("from block {height} on the file cannot be read: {} at byte {offset}: {detail}", file.display())
}
