//! `claim-code`: a new code that makes an operator, for whoever has access to the box. What `init` and `join` print at
//! the end is the same.

use std::io::IsTerminal as _;
use std::path::Path;

use protocol::UnixMs;
use serde_json::{Value, json};

use super::say::Say;
use super::{Exit, Failed};
use crate::config::Config;
use crate::shell::accounts::BoxCode;
use crate::shell::certificate::Files;
use crate::shell::clock::wall_ms;
use crate::shell::http;
use crate::shell::ready::ReadyFile;
use crate::shell::welcome::Welcome;

/// A code and where to enter it.
pub(super) struct Way {
    welcome: Welcome,
    code: BoxCode,
}

impl Way {
    /// Into the node of this folder, with a new code.
    pub(super) fn make(dir: &Path) -> Result<Self, Failed> {
        let config =
            Config::load(&dir.join("node.toml"), &[]).map_err(|error| Failed::new(Exit::Usage, error))?;
        let code = BoxCode::make(&config.data_dir).map_err(Failed::failure)?;
        Ok(Self { welcome: welcome(&config)?, code })
    }

    /// For scripts.
    pub(super) fn as_json(&self) -> Value {
        json!({ "urls": self.welcome.urls, "fingerprint": self.welcome.fingerprint,
            "code": self.code.code.to_string(), "code_expires": self.code.expires.to_string(),
            "link": self.welcome.link(&self.code) })
    }

    /// For people; with a QR code on a terminal.
    pub(super) fn in_words(&self) -> String {
        self.welcome.in_words(&self.code, std::io::stdout().is_terminal())
    }
}

pub(super) fn run(dir: &Path, say: &Say) -> Result<(), Failed> {
    let way = Way::make(dir)?;
    say.answer(&way.as_json(), || way.in_words());
    Ok(())
}

/// Where the page is, as configured or, if the node runs on a port of the system's choice, as it says itself.
fn welcome(config: &Config) -> Result<Welcome, Failed> {
    let doors = config.http.doors().map(|(_, address, https)| (address, https));
    let mut urls = http::urls(doors.clone().filter(|(address, _)| address.port() != 0));
    if urls.is_empty() {
        urls.extend(ReadyFile::read(&config.data_dir).map(|ready| ready.http));
    }
    let has_https = doors.clone().any(|(_, https)| https);
    let certificate = Files::of(&config.http, &config.data_dir);
    let loaded =
        has_https.then(|| certificate.load(UnixMs(wall_ms()))).transpose().map_err(Failed::failure)?;
    Ok(Welcome { urls, fingerprint: loaded.map(|certificate| certificate.fingerprint) })
}
