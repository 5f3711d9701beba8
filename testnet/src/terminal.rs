//! What people and scripts read: lines on standard output and one short line that is rewritten in place.

use std::io::{self, IsTerminal as _, Write as _};

/// Writes a line to standard output. A reader that has gone is no failure of ours.
pub fn line(text: &str) {
    writeln!(io::stdout().lock(), "{text}").ok();
}

/// Writes a line to standard error.
pub fn note(text: &str) {
    writeln!(io::stderr().lock(), "{text}").ok();
}

/// A line that is rewritten in place; silent unless standard output is a terminal.
#[derive(Debug)]
pub struct LiveLine {
    shown: bool,
    terminal: bool,
}

impl LiveLine {
    /// Nothing is shown yet; nothing ever is when `quiet`.
    pub fn new(quiet: bool) -> Self {
        Self { shown: false, terminal: !quiet && io::stdout().is_terminal() }
    }

    /// Whether anybody sees it.
    pub fn is_seen(&self) -> bool {
        self.terminal
    }

    /// Replaces the line.
    pub fn show(&mut self, text: &str) {
        if self.terminal {
            let mut out = io::stdout().lock();
            write!(out, "\r\x1b[2K{text}").and_then(|()| out.flush()).ok();
            self.shown = true;
        }
    }

    /// Takes the line away, so that ordinary lines may follow.
    pub fn clear(&mut self) {
        if self.shown {
            let mut out = io::stdout().lock();
            write!(out, "\r\x1b[2K").and_then(|()| out.flush()).ok();
            self.shown = false;
        }
    }
}

/// Columns as wide as their widest cell, two spaces apart; the first row is the heading.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let row = |cells: &Vec<String>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(row).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_with_accents_in_them() {
        let rows = [["building", "pid"], ["Bêta", "1"], ["a", "22"]];
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
        assert_eq!(table(&rows), "building  pid\nBêta      1\na         22");
    }
}
