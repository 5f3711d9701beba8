//! From the network to the core: bytes are decoded and transactions' signatures checked here, so that nothing malformed
//! or unsigned goes further. What is wrong is counted and the peer that sent it blamed. Gossip waits in a queue of its
//! own, so that checking it never holds up consensus.

use std::sync::Arc;

use ledger::Input as LedgerInput;
use protocol::codec::is_unknown_variant;
use protocol::energy::SettlementMessage;
use protocol::limits::{
    CONSENSUS_FRAME_BYTES_MAX, GOSSIP_BYTES_MAX, JOIN_FRAME_BYTES_MAX, OPERATOR_FRAME_BYTES_MAX,
    SETTLEMENT_FRAME_BYTES_MAX, SYNC_FRAME_BYTES_MAX,
};
use protocol::message::{HeaderGossip, TransactionsGossip};
use protocol::operator::OperatorMessage;
use protocol::{
    Address, AuthoritySet, ChainId, JoinRequest, Message, PublicKey, VerifiedTransaction, decode,
};
use tokio::sync::{mpsc, watch};

use super::event::Event;
use super::network::{
    Blame, GossipId, GossipVerdict, Lane, NetworkCommand, NetworkEvent, NetworkHandle, Topic,
};

/// Gossip messages waiting to be checked; more are dropped.
const GOSSIP_QUEUE_MAX: usize = 256;
/// What counters call a message of a kind that only a later version knows.
const NOT_UNDERSTOOD: &str = "not_understood";

/// What the inbox hands things to.
#[derive(Debug, Clone)]
pub(crate) struct Inbox {
    /// The hive.
    pub(crate) chain: ChainId,
    /// The core's queue.
    pub(crate) core: mpsc::Sender<Event>,
    /// The network.
    pub(crate) network: NetworkHandle,
    /// The authorities that decide the next block; `None` while this node cannot know them.
    pub(crate) authorities: watch::Receiver<Option<Arc<AuthoritySet>>>,
    /// Told the first address others can dial.
    pub(crate) listening: watch::Sender<Option<String>>,
}

#[derive(Debug)]
struct Gossip {
    from: PublicKey,
    author: PublicKey,
    message: GossipId,
    topic: Topic,
    bytes: Vec<u8>,
}

impl Inbox {
    /// Carries events until the network or the core ends.
    pub(crate) async fn run(self, mut events: mpsc::Receiver<NetworkEvent>) {
        let (queue, waiting) = mpsc::channel(GOSSIP_QUEUE_MAX);
        let checker = tokio::spawn(self.clone().check_gossip(waiting));
        while let Some(event) = events.recv().await {
            if self.carry(event, &queue).await.is_none() {
                break;
            }
        }
        drop(queue);
        drop(checker.await);
    }

    /// None when the core is gone.
    async fn carry(&self, event: NetworkEvent, gossip: &mpsc::Sender<Gossip>) -> Option<()> {
        let event = match event {
            NetworkEvent::Listening(address) => {
                self.listening.send_if_modified(|first| {
                    let is_first = first.is_none();
                    first.get_or_insert(address.clone());
                    is_first
                });
                Event::Listening(address)
            }
            NetworkEvent::Connected { peer, address } => Event::Connected { peer, address },
            NetworkEvent::Disconnected { peer } => Event::Disconnected(peer),
            NetworkEvent::RoundTrip { peer, micros } => Event::RoundTrip(peer, micros),
            NetworkEvent::Message { from, lane: Lane::Operator, bytes, room: _ } => {
                match decode::<OperatorMessage>(&bytes, OPERATOR_FRAME_BYTES_MAX) {
                    Ok(message) => Event::Operator(Address::of(&from), message),
                    Err(_) if is_unknown_variant::<OperatorMessage>(&bytes) => {
                        return self.not_understood(from);
                    }
                    Err(_) => return self.malformed(from, "operator").await,
                }
            }
            NetworkEvent::Message { from, lane: Lane::Settlement, bytes, room: _ } => {
                match decode::<SettlementMessage>(&bytes, SETTLEMENT_FRAME_BYTES_MAX) {
                    Ok(message) => Event::Settlement(Address::of(&from), Box::new(message)),
                    Err(_) if is_unknown_variant::<SettlementMessage>(&bytes) => {
                        return self.not_understood(from);
                    }
                    Err(_) => return self.malformed(from, "settlement").await,
                }
            }
            NetworkEvent::Message { from, lane, bytes, room } => match read_message(lane, &bytes) {
                Ok(message) => {
                    let input = LedgerInput::Message { from: Address::of(&from), message };
                    Event::Heard(Box::new(input), room)
                }
                Err(NOT_UNDERSTOOD) => return self.not_understood(from),
                Err(reason) => return self.malformed(from, reason).await,
            },
            NetworkEvent::Gossip { from, author, message, topic, bytes } => {
                return self.queue(Gossip { from, author, message, topic, bytes }, gossip).await;
            }
            NetworkEvent::JoinRequest { ticket, from, bytes } => {
                match decode::<JoinRequest>(&bytes, JOIN_FRAME_BYTES_MAX) {
                    Ok(request) if request.member == from => Event::Join(ticket, Box::new(request)),
                    Ok(_) => return self.malformed(from, "join_other_key").await,
                    Err(_) => return self.malformed(from, "join").await,
                }
            }
            NetworkEvent::Banned { peer } => {
                tracing::warn!(peer = %Address::of(&peer), "a member lost its standing and is cut off for a while");
                metrics::counter!("symbiose_peers_banned_total").increment(1);
                return Some(());
            }
            NetworkEvent::Standing(standing) => Event::Standing(standing),
            NetworkEvent::Alone { peer } => Event::Ledger(Box::new(LedgerInput::Alone(Address::of(&peer)))),
            NetworkEvent::Copied { via } => Event::Copied(via),
            NetworkEvent::NoCommonWire { peer, theirs, ours } => Event::NoCommonWire { peer, theirs, ours },
        };
        self.core.send(event).await.ok()
    }

    async fn queue(&self, gossip: Gossip, queue: &mpsc::Sender<Gossip>) -> Option<()> {
        match queue.try_send(gossip) {
            Ok(()) => Some(()),
            Err(mpsc::error::TrySendError::Full(gossip)) => {
                metrics::counter!("symbiose_gossip_dropped_total").increment(1);
                self.verdict(gossip.from, gossip.message, GossipVerdict::Ignore).await
            }
            Err(mpsc::error::TrySendError::Closed(_)) => None,
        }
    }

    async fn check_gossip(self, mut waiting: mpsc::Receiver<Gossip>) {
        while let Some(Gossip { from, author, message, topic, bytes }) = waiting.recv().await {
            let verdict = match topic {
                Topic::Transactions => self.transactions(&bytes).await,
                Topic::Headers => self.header(author, &bytes).await,
            };
            if verdict == GossipVerdict::Reject {
                metrics::counter!("symbiose_messages_rejected_total", "reason" => "gossip").increment(1);
            }
            if self.verdict(from, message, verdict).await.is_none() {
                return;
            }
        }
    }

    async fn transactions(&self, bytes: &[u8]) -> GossipVerdict {
        let Ok(TransactionsGossip(transactions)) = decode(bytes, GOSSIP_BYTES_MAX) else {
            return GossipVerdict::Reject;
        };
        let chain = self.chain;
        let verify = move || -> Option<Vec<VerifiedTransaction>> {
            transactions.into_vec().into_iter().map(|transaction| transaction.verify(&chain).ok()).collect()
        };
        match tokio::task::spawn_blocking(verify).await {
            Ok(Some(transactions)) => {
                let input = LedgerInput::Submit { transactions, local: false };
                match self.core.send(Event::Ledger(Box::new(input))).await {
                    Ok(()) => GossipVerdict::Accept,
                    Err(_) => GossipVerdict::Ignore,
                }
            }
            Ok(None) => GossipVerdict::Reject,
            Err(_) => GossipVerdict::Ignore,
        }
    }

    /// A header is passed on if the authorities known here made it final. One of another set may be right for all this
    /// node knows: it is a hint, and goes no further.
    async fn header(&self, author: PublicKey, bytes: &[u8]) -> GossipVerdict {
        let Ok(HeaderGossip { header, certificate }) = decode(bytes, GOSSIP_BYTES_MAX) else {
            return GossipVerdict::Reject;
        };
        if header.chain != self.chain
            || certificate.height != header.height
            || certificate.block != header.id()
        {
            return GossipVerdict::Reject;
        }
        let height = header.height;
        let authorities = self.authorities.borrow().clone();
        let known = authorities.filter(|known| header.authorities == known.hash());
        let verdict = if let Some(authorities) = known {
            let chain = self.chain;
            let verify = move || certificate.verify(&chain, &authorities).is_ok();
            match tokio::task::spawn_blocking(verify).await {
                Ok(true) => GossipVerdict::Accept,
                Ok(false) => return GossipVerdict::Reject,
                Err(_) => GossipVerdict::Ignore,
            }
        } else {
            GossipVerdict::Ignore
        };
        let hint = LedgerInput::Hint { from: Address::of(&author), height };
        // When the core is gone the verdict no longer matters.
        drop(self.core.send(Event::Ledger(Box::new(hint))).await);
        verdict
    }

    async fn verdict(&self, from: PublicKey, message: GossipId, verdict: GossipVerdict) -> Option<()> {
        self.network.send(NetworkCommand::Verdict { from, message, verdict }).await.ok()
    }

    /// A kind of message that only a later version knows: no fault of whoever sent it. The lane's rate bounds how many.
    fn not_understood(&self, peer: PublicKey) -> Option<()> {
        metrics::counter!("symbiose_messages_rejected_total", "reason" => NOT_UNDERSTOOD).increment(1);
        tracing::debug!(peer = %Address::of(&peer), "a message of a kind that this version does not know");
        (!self.core.is_closed()).then_some(())
    }

    async fn malformed(&self, peer: PublicKey, reason: &'static str) -> Option<()> {
        metrics::counter!("symbiose_messages_rejected_total", "reason" => reason).increment(1);
        tracing::warn!(peer = %Address::of(&peer), reason, "a malformed message");
        self.network.send(NetworkCommand::Blame { peer, severity: Blame::Major, fault: reason }).await.ok()
    }
}

/// Reads a frame of a direct stream, or says in one word for counters why it cannot be read.
fn read_message(lane: Lane, bytes: &[u8]) -> Result<Message, &'static str> {
    let (limit, is_consensus) = match lane {
        Lane::Consensus => (CONSENSUS_FRAME_BYTES_MAX, true),
        Lane::Sync => (SYNC_FRAME_BYTES_MAX, false),
        Lane::Operator | Lane::Settlement => return Err("wrong_lane"),
    };
    let wrong = |_| {
        let is_later = bytes.len() <= limit && is_unknown_variant::<Message>(bytes);
        if is_later { NOT_UNDERSTOOD } else { "malformed" }
    };
    let message: Message = decode(bytes, limit).map_err(wrong)?;
    if message.is_consensus() == is_consensus { Ok(message) } else { Err("wrong_lane") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::message::SyncRequest;
    use protocol::{Height, encode};

    #[test]
    fn a_message_is_read_on_its_own_lane_only() {
        let message = Message::SyncRequest(SyncRequest { from: Height(1), count: 2 });
        let bytes = encode(&message);
        assert_eq!(read_message(Lane::Sync, &bytes), Ok(message));
        assert_eq!(read_message(Lane::Consensus, &bytes), Err("wrong_lane"));
        assert_eq!(read_message(Lane::Sync, &bytes[1..]), Err("malformed"));
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(read_message(Lane::Sync, &longer), Err("malformed"));
    }

    /// A neighbour that was updated first is not blamed for what this node cannot know yet.
    #[test]
    fn a_kind_of_a_later_version_is_not_understood_and_no_fault() {
        #[derive(serde::Serialize)]
        enum Later {
            Weather(u8),
        }
        let bytes = encode(&Later::Weather(3));
        for lane in [Lane::Sync, Lane::Consensus] {
            assert_eq!(read_message(lane, &bytes), Err(NOT_UNDERSTOOD));
        }
        let vote = [&[0xa1, 0x64][..], b"Vote", &[0]].concat();
        assert_eq!(read_message(Lane::Consensus, &vote), Err("malformed"), "a known kind has its form");
        let long = [bytes, vec![0; CONSENSUS_FRAME_BYTES_MAX]].concat();
        assert_eq!(read_message(Lane::Consensus, &long), Err("malformed"), "no frame is so long");
    }
}
