//! What even an attacker has to do to be taken for a peer: agree to the streams the node opens, answer its pings, tell
//! who it is. What the node says is kept for attacks that need it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::Result;
use futures::{AsyncReadExt as _, AsyncWriteExt as _};
use libp2p::core::muxing::SubstreamBox;
use protocol::limits::SYNC_FRAME_BYTES_MAX;
use protocol::{Message, decode};
use tokio::sync::mpsc;

use crate::gossip::field;
use crate::wire::{agree, varint};

/// Frames of others kept to be sent again.
const KEPT_MAX: usize = 256;

/// What was heard of the node.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard {
    height: Arc<AtomicU64>,
    frames: Arc<Mutex<Vec<Vec<u8>>>>,
    lie: Option<Arc<Vec<u8>>>,
}

impl Heard {
    /// Answers questions about who we are with this.
    pub(crate) fn lying(lie: Vec<u8>) -> Self {
        Self { lie: Some(Arc::new(lie)), ..Self::default() }
    }

    /// The height it last said it had.
    pub(crate) fn height(&self) -> u64 {
        self.height.load(Ordering::Relaxed)
    }

    /// Consensus frames it sent.
    pub(crate) fn frames(&self) -> Vec<Vec<u8>> {
        self.frames.lock().map(|frames| frames.clone()).unwrap_or_default()
    }

    fn frame(&self, bytes: Vec<u8>) {
        let height = match decode::<Message>(&bytes, SYNC_FRAME_BYTES_MAX) {
            Ok(Message::Status(status)) => Some(status.height.0),
            Ok(Message::Vote(vote)) => Some(vote.vote.height.0 - 1),
            Ok(
                Message::Proposal(_)
                | Message::Body(_)
                | Message::Polka(_)
                | Message::Round(_)
                | Message::SyncRequest(_)
                | Message::SyncResponse(_)
                | Message::NetworkKeyRequest(_)
                | Message::NetworkKey(_)
                | Message::QuestionTextRequest(_)
                | Message::QuestionText(_),
            )
            | Err(_) => None,
        };
        if let Some(height) = height {
            self.height.fetch_max(height, Ordering::Relaxed);
        }
        if let Ok(mut frames) = self.frames.lock()
            && frames.len() < KEPT_MAX
        {
            frames.push(bytes);
        }
    }
}

/// Answers every stream the node opens.
pub(crate) async fn answer(mut opened: mpsc::Receiver<SubstreamBox>, heard: Heard) {
    while let Some(stream) = opened.recv().await {
        let heard = heard.clone();
        // A stream that fails is the node's to open again.
        tokio::spawn(async move { serve(stream, &heard).await.ok() });
    }
}

async fn serve(mut stream: SubstreamBox, heard: &Heard) -> Result<()> {
    let protocol = agree(&mut stream).await?;
    if protocol.starts_with("/ipfs/ping/") {
        let mut bytes = [0; 32];
        loop {
            stream.read_exact(&mut bytes).await?;
            stream.write_all(&bytes).await?;
            stream.flush().await?;
        }
    }
    if protocol.starts_with("/ipfs/id/") {
        if let Some(lie) = &heard.lie {
            stream.write_all(lie).await?;
            stream.flush().await?;
        }
        return Ok(stream.close().await?);
    }
    if protocol.starts_with("/symbiose/") {
        loop {
            let mut len = [0; 4];
            stream.read_exact(&mut len).await?;
            let len = u32::from_be_bytes(len) as usize;
            anyhow::ensure!(len <= SYNC_FRAME_BYTES_MAX, "a frame of {len} bytes");
            let mut bytes = vec![0; len];
            stream.read_exact(&mut bytes).await?;
            heard.frame(bytes);
        }
    }
    let mut sink = vec![0; 16 * 1024];
    while stream.read(&mut sink).await? > 0 {}
    Ok(())
}

/// A description of ourselves that is somebody else's: key, addresses and a peer record that nobody signed
/// (libp2p specs, identify).
pub(crate) fn forged_identity(key: &[u8], address: &[u8]) -> Vec<u8> {
    let mut record = field(1, key);
    record.extend(field(2, &[0x03, 0x01]));
    record.extend(field(3, address));
    record.extend(field(5, &[0; 64]));
    let mut info = field(1, key);
    for _ in 0..64 {
        info.extend(field(2, address));
    }
    for number in 0..64 {
        info.extend(field(3, format!("/made/up/{number}").as_bytes()));
    }
    info.extend(field(8, &record));
    let mut out = varint(info.len() as u64);
    out.extend(info);
    out
}
