//! A settled slot as one line of text, and the SHA-256 over the lines of many: how two settlements are compared to the
//! last Wh and micro-EUR.

use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

use super::settle::{Line, Outcome};

/// Appends `slot|q|alloc,…|sold,…|pay,…|rev,…` and a line feed; members in ascending order, plain decimal.
pub fn write_line(slot: u64, outcome: &Outcome, text: &mut String) {
    let columns: [fn(&Line) -> i64; 4] =
        [|line| line.alloc.0, |line| line.sold.0, |line| line.pay.0, |line| line.rev.0];
    write!(text, "{slot}|{}", outcome.traded.0).expect("invariant: a String takes every character");
    for column in columns {
        for (place, line) in outcome.lines.iter().enumerate() {
            let separator = if place == 0 { '|' } else { ',' };
            write!(text, "{separator}{}", column(line)).expect("invariant: a String takes every character");
        }
        if outcome.lines.is_empty() {
            text.push('|');
        }
    }
    text.push('\n');
}

/// SHA-256 over slot lines in the order they are added.
#[derive(Debug, Clone, Default)]
pub struct LineHash {
    hasher: Sha256,
    line: String,
}

impl LineHash {
    /// Adds the line of one slot.
    pub fn add(&mut self, slot: u64, outcome: &Outcome) {
        self.line.clear();
        write_line(slot, outcome, &mut self.line);
        self.hasher.update(self.line.as_bytes());
    }

    /// The hash of all lines so far, as 64 hexadecimal digits.
    pub fn hex(&self) -> String {
        let bytes: [u8; 32] = self.hasher.clone().finalize().into();
        protocol::hex::hex(&bytes)
    }
}
