//! The task's part in greetings: streams for what `twins.rs` wants said, and what follows from what was heard.

use libp2p::swarm::{ConnectionId, Stream};
use protocol::greeting::{Greeting, Nonce};
use protocol::limits::GREETING_BYTES_MAX;
use protocol::{PublicKey, decode, encode};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::super::budget::Budget;
use super::super::counters;
use super::super::frame::{Report, read_body, read_len, write_frames};
use super::super::limits::{GREETINGS_AT_ONCE, GREETINGS_PER_S};
use super::super::twins::Step;
use super::super::{Blame, NetworkEvent, keys};
use super::Task;

/// Greetings that wait for their stream.
const UNSAID_MAX: usize = 8;
/// Greetings that wait for the peer to take them.
const WRITING_MAX: usize = 16;

impl Task {
    /// Introduces this run on a new connection.
    pub(super) fn greet(&mut self, peer: PublicKey, connection: ConnectionId) {
        if !self.names.wires.has_greetings() {
            return;
        }
        let hello = self.twins.connected(connection, peer);
        self.steps(vec![hello]);
        let protocol = [self.names.greeting.clone()];
        self.for_members().lanes.open(keys::to_peer(&peer), connection, &protocol);
    }

    /// What is known of runs changes with each connection that ends.
    pub(super) fn said_goodbye(&mut self, connection: ConnectionId) {
        let steps = self.twins.closed(connection);
        self.steps(steps);
    }

    pub(super) fn look_for_twins(&mut self, now: Instant) {
        let steps = self.twins.tick(now);
        self.steps(steps);
    }

    pub(super) fn greeting(&mut self, connection: ConnectionId, greeting: Greeting) {
        let nonce = Nonce::new(rand::random());
        let steps = self.twins.heard(connection, greeting, nonce, Instant::now());
        self.steps(steps);
    }

    pub(super) fn bad_greeting(&mut self, from: PublicKey) {
        counters::fault("greeting");
        self.blame(from, Blame::Major, "greeting");
    }

    fn steps(&mut self, steps: Vec<Step>) {
        for step in steps {
            match step {
                Step::Say(connection, greeting) => self.say(connection, greeting),
                Step::Alone(peer) => self.events.push(NetworkEvent::Alone { peer }),
                Step::Copied(via) => self.events.push(NetworkEvent::Copied { via }),
            }
        }
    }

    fn say(&mut self, connection: ConnectionId, greeting: Greeting) {
        let voice = self.peers.values_mut().find_map(|peer| peer.connections.get_mut(&connection));
        let Some(voice) = voice.map(|connection| &mut connection.greeting) else { return };
        match &voice.writer {
            // A peer that takes nothing is told nothing more: what it misses is about itself.
            Some(writer) => drop(writer.try_send(greeting)),
            None if voice.unsaid.len() < UNSAID_MAX => voice.unsaid.push(greeting),
            None => {}
        }
    }

    /// Our stream stands: what waited is said.
    pub(super) fn speak(&mut self, peer: PublicKey, connection: ConnectionId, stream: Stream) {
        let peer = self.peers.get_mut(&peer).and_then(|peer| peer.connections.get_mut(&connection));
        let Some(voice) = peer.map(|connection| &mut connection.greeting) else { return };
        let (writer, greetings) = mpsc::channel(WRITING_MAX);
        for greeting in voice.unsaid.drain(..) {
            drop(writer.try_send(greeting));
        }
        voice.writer = Some(writer);
        self.workers.spawn(write(stream, greetings));
    }

    /// The peer's stream stands; a newer one replaces the older.
    pub(super) fn listen_to(&mut self, from: PublicKey, connection: ConnectionId, stream: Stream) {
        let peer = self.peers.get_mut(&from).and_then(|peer| peer.connections.get_mut(&connection));
        let Some(voice) = peer.map(|connection| &mut connection.greeting) else { return };
        let reader = self.workers.spawn(read(from, connection, stream, self.report_to.clone()));
        if let Some(old) = voice.reader.replace(reader) {
            old.abort();
        }
    }
}

async fn write(mut stream: Stream, mut greetings: mpsc::Receiver<Greeting>) {
    while let Some(greeting) = greetings.recv().await {
        if write_frames(&mut stream, &[encode(&greeting).into()]).await.is_err() {
            return;
        }
    }
}

async fn read(from: PublicKey, connection: ConnectionId, mut stream: Stream, reports: mpsc::Sender<Report>) {
    let mut budget = Budget::new(GREETINGS_AT_ONCE, GREETINGS_PER_S);
    loop {
        let Ok(len) = read_len(&mut stream, GREETING_BYTES_MAX).await else { return };
        let Ok(bytes) = read_body(&mut stream, len).await else { return };
        let report = match decode::<Greeting>(&bytes, GREETING_BYTES_MAX) {
            Ok(greeting) if budget.take(Instant::now()) => Report::Greeting { connection, greeting },
            Ok(_) | Err(_) => Report::BadGreeting { from },
        };
        let is_bad = matches!(report, Report::BadGreeting { .. });
        if reports.send(report).await.is_err() || is_bad {
            return;
        }
    }
}
