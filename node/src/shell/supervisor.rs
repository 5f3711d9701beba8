//! Talking to systemd: ready, stopping, and a sign of life that comes from the thread of the core. When that thread
//! stands still the signs stop, and systemd starts the node again. Without systemd nothing is said.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Counts the turns of the core's thread.
#[derive(Debug, Clone, Default)]
pub(super) struct Pulse(Arc<AtomicU64>);

impl Pulse {
    /// Another turn.
    pub(super) fn beat(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Whoever started the node, if it wants to hear of it.
#[derive(Debug)]
pub(super) struct Supervisor {
    socket: Option<UnixDatagram>,
    /// Longest silence it accepts.
    patience: Option<Duration>,
    heard: u64,
}

impl Supervisor {
    /// As the environment says: `NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID`.
    pub(super) fn from_environment() -> Self {
        let text = |name| std::env::var(name).ok();
        let socket = text("NOTIFY_SOCKET").and_then(|name| {
            connect(&name)
                .inspect_err(|error| tracing::warn!(%error, "the supervisor cannot be told anything"))
                .ok()
        });
        let is_ours = text("WATCHDOG_PID")
            .is_none_or(|pid| pid.parse().is_ok_and(|pid: u32| pid == std::process::id()));
        let micros = text("WATCHDOG_USEC").filter(|_| is_ours).and_then(|micros| micros.parse().ok());
        Self { socket, patience: micros.map(Duration::from_micros), heard: 0 }
    }

    /// How often it should hear from us; often enough that one lost sign does no harm.
    pub(super) fn every(&self) -> Duration {
        let third = self.patience.map(|patience| patience / 3);
        third.unwrap_or(Duration::from_secs(60 * 60)).max(Duration::from_millis(10))
    }

    /// The node is ready.
    pub(super) fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={status}"));
    }

    /// The node stops because it was asked to.
    pub(super) fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    /// A sign of life, if the core's thread turned since the last one.
    pub(super) fn alive(&mut self, pulse: &Pulse) {
        let count = pulse.count();
        if self.patience.is_none() {
            return;
        }
        if count == self.heard {
            tracing::error!("the thread of the core stands still");
            return;
        }
        self.heard = count;
        self.tell("WATCHDOG=1");
    }

    fn tell(&self, message: &str) {
        let Some(socket) = &self.socket else { return };
        if let Err(error) = socket.send(message.as_bytes()) {
            tracing::debug!(%error, "the supervisor does not listen");
        }
    }
}

/// A path, or with `@` in front a name without a file.
fn connect(name: &str) -> std::io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    match name.strip_prefix('@') {
        Some(abstract_name) => socket.connect_addr(&SocketAddr::from_abstract_name(abstract_name)?)?,
        None => socket.connect(name)?,
    }
    // A supervisor that does not read must not hold the node up.
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::super::store::scratch::Scratch;
    use super::*;

    #[test]
    fn signs_of_life_stop_with_the_pulse() {
        let scratch = Scratch::new("supervisor");
        let path = scratch.path().join("notify");
        let listening = UnixDatagram::bind(&path).unwrap();
        listening.set_nonblocking(true).unwrap();
        let heard = || {
            let mut bytes = [0; 256];
            let len = listening.recv(&mut bytes).ok()?;
            Some(String::from_utf8(bytes[..len].to_vec()).unwrap())
        };
        let socket = Some(connect(path.to_str().unwrap()).unwrap());
        let mut supervisor = Supervisor { socket, patience: Some(Duration::from_secs(30)), heard: 0 };
        assert_eq!(supervisor.every(), Duration::from_secs(10));
        supervisor.ready("http://127.0.0.1:8080");
        assert_eq!(heard().as_deref(), Some("READY=1\nSTATUS=http://127.0.0.1:8080"));
        let pulse = Pulse::default();
        supervisor.alive(&pulse);
        assert_eq!(heard(), None, "not one turn yet");
        pulse.beat();
        supervisor.alive(&pulse);
        assert_eq!(heard().as_deref(), Some("WATCHDOG=1"));
        supervisor.alive(&pulse);
        assert_eq!(heard(), None, "it stands still");
        supervisor.stopping();
        assert_eq!(heard().as_deref(), Some("STOPPING=1"));
        assert!(connect("/nowhere/notify").is_err());
    }
}
