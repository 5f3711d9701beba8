//! The first words to whoever sets a node up: where the page is, what to compare, and the code that makes an operator,
//! as text and, on a terminal, as a QR code for a phone's camera.

use std::io::{IsTerminal as _, Write as _};

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

use super::accounts::BoxCode;

/// Where the page is found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Welcome {
    /// Base URLs, the best one for a phone first.
    pub urls: Vec<String>,
    /// SHA-256 of the certificate, as browsers show it.
    pub fingerprint: Option<String>,
}

impl Welcome {
    /// To the log, and in full to a person at a terminal.
    pub(crate) fn announce(&self, code: &BoxCode) {
        tracing::info!(
            url = self.urls.first().map_or("", String::as_str),
            fingerprint = self.fingerprint.as_deref().unwrap_or("none"),
            code = %code.code,
            expires = %code.expires,
            "nobody is operator of this node yet: open the page and enter this code",
        );
        let mut terminal = std::io::stdout();
        if terminal.is_terminal() {
            // A terminal that is gone has nobody in front of it.
            drop(writeln!(terminal, "{}", self.in_words(code, true)));
        }
    }

    /// Several lines of text.
    pub fn in_words(&self, code: &BoxCode, with_qr: bool) -> String {
        let mut lines =
            vec!["Open the page of this node and enter the code to become its operator.".to_owned()];
        lines.extend(self.urls.iter().map(|url| format!("  page         {url}")));
        if let Some(fingerprint) = &self.fingerprint {
            lines.push(format!("  certificate  SHA-256 {fingerprint}"));
            lines.push(
                "               Your browser warns once: compare this fingerprint, then go on.".to_owned(),
            );
        }
        lines.push(format!("  code         {} (until {})", code.code, code.expires));
        let qr = self.link(code).filter(|_| with_qr).and_then(|link| qr(&link));
        lines.extend(qr);
        lines.join("\n")
    }

    /// What the camera of a phone opens. The code is behind `#`, so it is never sent before the page asks.
    pub fn link(&self, code: &BoxCode) -> Option<String> {
        self.urls.first().map(|url| format!("{url}/#/claim/{}", code.code))
    }
}

fn qr(link: &str) -> Option<String> {
    let code = QrCode::new(link).ok()?;
    Some(code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build())
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::UnixMs;

    #[test]
    fn everything_needed_is_said() {
        let welcome = Welcome {
            urls: vec!["https://192.168.1.7:8443".to_owned(), "https://pi.local:8443".to_owned()],
            fingerprint: Some("AA:BB".to_owned()),
        };
        let code = BoxCode { code: "7K3M-P0QX-9T2A".parse().unwrap(), expires: UnixMs(1_765_275_330_000) };
        let words = welcome.in_words(&code, false);
        for part in
            ["https://192.168.1.7:8443", "https://pi.local:8443", "AA:BB", "7K3M-P0QX-9T2A", "2025-12-09"]
        {
            assert!(words.contains(part), "{words}");
        }
        assert_eq!(welcome.link(&code).as_deref(), Some("https://192.168.1.7:8443/#/claim/7K3M-P0QX-9T2A"));
        let drawn = welcome.in_words(&code, true);
        assert!(drawn.lines().count() > words.lines().count() + 12, "{drawn}");
        assert!(drawn.lines().all(|line| line.chars().count() <= 100), "it fits a terminal");
    }
}
