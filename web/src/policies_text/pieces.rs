//! Where each policy stands in a text of many. The parser keeps a tree of tens of bytes per byte: policy by policy it is
//! the tree of one.

use std::ops::Range;

/// How the next byte is to be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// Keys, numbers, brackets.
    Plain,
    /// A text over several lines, between these three quotes.
    Text(&'static str),
}

/// What stands before the first policy, then each policy from its header on, in order and without a gap.
pub(super) fn pieces(text: &str) -> Vec<Range<usize>> {
    let mut starts = vec![0];
    let (mut within, mut at) = (Within::Plain, 0);
    for line in text.split_inclusive('\n') {
        if within == Within::Plain && line.trim_start().starts_with("[[policy]]") {
            starts.push(at);
        }
        within = after(line, within);
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().zip(ends).map(|(start, end)| *start..end).collect()
}

/// How the line behind this one is to be read.
fn after(line: &str, mut within: Within) -> Within {
    let mut rest = line;
    loop {
        match within {
            Within::Text(quotes) => {
                let Some(end) = end_of_text(rest, quotes) else { return within };
                rest = &rest[end..];
                within = Within::Plain;
            }
            Within::Plain => {
                let Some(at) = rest.find(['"', '\'', '#']) else { return within };
                rest = &rest[at..];
                let long = ["\"\"\"", "'''"].into_iter().find(|quotes| rest.starts_with(quotes));
                if let Some(quotes) = long {
                    rest = &rest[quotes.len()..];
                    within = Within::Text(quotes);
                } else if rest.starts_with('#') {
                    return within;
                } else {
                    let quote = &rest[..1];
                    let Some(end) = end_of_text(&rest[1..], quote) else { return within };
                    rest = &rest[1 + end..];
                }
            }
        }
    }
}

/// Behind the quotes that end a text. A backslash hides what follows it, but not between single quotes.
fn end_of_text(text: &str, quotes: &str) -> Option<usize> {
    let (mut at, bytes) = (0, text.as_bytes());
    while at < bytes.len() {
        if bytes[at] == b'\\' && quotes.starts_with('"') {
            at += 2;
        } else if bytes[at..].starts_with(quotes.as_bytes()) {
            let end = at + quotes.len();
            // Up to two quotes more belong to a long text.
            let more = bytes[end..].iter().take_while(|byte| **byte == quotes.as_bytes()[0]).count();
            return Some(if quotes.len() == 3 { end + more.min(2) } else { end });
        } else {
            at += 1;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> = pieces(text).into_iter().map(|piece| &text[piece]).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn each_policy_is_a_piece() {
        check("", &[""]);
        check(
            "# a\n[[policy]]\nb=1\n  [[policy]]\n[[policy.group]]\n",
            &["# a\n", "[[policy]]\nb=1\n", "  [[policy]]\n[[policy.group]]\n"],
        );
    }

    #[test]
    fn what_a_text_says_is_no_header() {
        for quoted in [
            "a=\"\"\"\n[[policy]]\n\"\"\"\n",
            "a='''\n[[policy]]\n'''\n",
            "a=\"\"\"\\\"\"\"\n[[policy]]\n\"\"\"\"\"\n",
            "a='''\\'''\nb='''\n[[policy]]\n'''\n",
            "a=\"'''\" # \"\"\"\nb='#\"\"\"'\nc=\"\"\"\n[[policy]]é\n\"\"\"\n",
        ] {
            check(&format!("{quoted}[[policy]]\n"), &[quoted, "[[policy]]\n"]);
        }
    }

    #[test]
    fn a_text_without_an_end_is_for_the_parser_to_refuse() {
        check("a=\"\"\"\n[[policy]]\n", &["a=\"\"\"\n[[policy]]\n"]);
        check("a=\"b\n[[policy]]\n", &["a=\"b\n", "[[policy]]\n"]);
        check("a=\"b\\", &["a=\"b\\"]);
    }
}
