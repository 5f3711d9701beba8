//! A newcomer's way through a history it cannot judge by signatures: keys of former authorities may have been sold or
//! stolen since. Its invitation vouches for one block; from there the hashes lead back, window by window, to what it
//! has. Only then it goes forward, over the very windows it has seen, and takes no block beside that way.
//!
//! The history below the checkpoint is read twice. Of each window the trail keeps one id, 256 blocks for 40 bytes.

use protocol::limits::{BLOCK_BYTES_MAX, SYNC_BLOCKS_BYTES_MAX, SYNC_BLOCKS_MAX};
use protocol::message::SyncBlock;
use protocol::{Block, BlockHeader, BlockId, Checkpoint, Height, decode};

use super::Head;
use crate::sync::Wanted;

/// The way from what a node has to the checkpoint of its invitation.
#[derive(Debug)]
pub(super) struct Trail {
    checkpoint: Checkpoint,
    /// Last blocks of windows that lead to the checkpoint, the nearest to what we have at the end.
    posts: Vec<(Height, BlockId)>,
    /// The block whose window is wanted next; `None` when the way back is complete.
    back: Option<(Height, BlockId)>,
    /// Where that window starts, if an answer could not hold all of it.
    narrowed: Option<Height>,
}

/// What an answer was worth.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The way back is known a little further; nothing may be taken yet.
    Nearer,
    /// So many of the blocks lead to the checkpoint.
    Leads(usize),
    /// Nothing came.
    Empty,
    /// The blocks lead elsewhere.
    Lie,
    /// What we have, or the invitation itself, contradicts the checkpoint.
    Astray(&'static str),
}

impl Trail {
    /// A way to the checkpoint; `None` if it is behind us already.
    pub(super) fn to(checkpoint: Checkpoint, head: Head) -> Option<Self> {
        let back = Some((checkpoint.height, checkpoint.block));
        (checkpoint.height > head.height).then_some(Self {
            checkpoint,
            posts: Vec::new(),
            back,
            narrowed: None,
        })
    }

    /// Takes note of how far this node is; answers whether the checkpoint was reached.
    pub(super) fn passed(&mut self, height: Height) -> bool {
        while self.posts.pop_if(|(post, _)| *post <= height).is_some() {}
        self.checkpoint.height <= height
    }

    /// Which blocks to ask for.
    pub(super) fn wanted(&self, head: Height) -> Wanted {
        match (self.back, self.posts.last()) {
            (Some((last, _)), _) => {
                let from = last.0.saturating_sub(SYNC_BLOCKS_MAX as u64 - 1).max(head.0 + 1);
                Wanted::between(self.narrowed.unwrap_or(Height(from)), last)
            }
            (None, Some((last, _))) => Wanted::between(head.next(), *last),
            (None, None) => Wanted::beyond(head),
        }
    }

    /// Judges an answer.
    pub(super) fn follow(&mut self, blocks: &[SyncBlock], head: Height, block: BlockId) -> Step {
        if blocks.is_empty() {
            return Step::Empty;
        }
        let Some(headers) = linked(blocks) else { return Step::Lie };
        match self.back {
            Some(back) => self.go_back(&headers, back, bytes_of(blocks), head, block),
            None => self.go_on(&headers, head, block),
        }
    }

    fn go_back(
        &mut self,
        headers: &[(BlockHeader, BlockId)],
        (height, id): (Height, BlockId),
        bytes: usize,
        head: Height,
        block: BlockId,
    ) -> Step {
        let wanted = self.wanted(head);
        let (Some((first, _)), Some((last, last_id))) = (headers.first(), headers.last()) else {
            return Step::Empty;
        };
        if first.height != wanted.from || last.height > height {
            return Step::Lie;
        }
        if last.height < height {
            // An answer ends early where its bytes do, and nowhere else: short ones would make the trail long.
            let is_full = bytes >= SYNC_BLOCKS_BYTES_MAX / 2;
            self.narrowed = is_full.then(|| last.height.next());
            return if is_full { Step::Nearer } else { Step::Empty };
        }
        if *last_id != id {
            return Step::Lie;
        }
        let is_checkpoint = height == self.checkpoint.height;
        if is_checkpoint && self.checkpoint.authorities.is_some_and(|hash| hash != last.next_authorities) {
            return Step::Astray("the invitation names other authorities than the block it vouches for");
        }
        self.posts.push((height, id));
        self.narrowed = None;
        if first.height > head.next() {
            self.back = Some((Height(first.height.0 - 1), first.previous));
            return Step::Nearer;
        }
        self.back = None;
        if first.previous != block {
            return Step::Astray(
                "the blocks on disk are another history than the one the invitation vouches for",
            );
        }
        Step::Nearer
    }

    fn go_on(&mut self, headers: &[(BlockHeader, BlockId)], head: Height, block: BlockId) -> Step {
        let Some((height, id)) = self.posts.last().copied() else { return Step::Leads(headers.len()) };
        let follows =
            headers.first().is_some_and(|(first, _)| first.height == head.next() && first.previous == block);
        let post = headers.iter().position(|(header, found)| header.height == height && *found == id);
        let is_short = headers.last().is_some_and(|(last, _)| last.height < height);
        match post {
            Some(at) if follows => Step::Leads(at + 1),
            None if follows && is_short => Step::Empty,
            Some(_) | None => Step::Lie,
        }
    }
}

/// The headers with their ids, if each names the one before.
fn linked(blocks: &[SyncBlock]) -> Option<Vec<(BlockHeader, BlockId)>> {
    let mut headers: Vec<(BlockHeader, BlockId)> = Vec::with_capacity(blocks.len());
    for stored in blocks {
        let block: Block = decode(stored.block.as_slice(), BLOCK_BYTES_MAX).ok()?;
        let id = block.id();
        if let Some((before, before_id)) = headers.last()
            && (block.header.previous != *before_id || block.header.height != before.height.next())
        {
            return None;
        }
        headers.push((block.header, id));
    }
    Some(headers)
}

fn bytes_of(blocks: &[SyncBlock]) -> usize {
    blocks.iter().map(|stored| stored.block.as_slice().len()).sum()
}
