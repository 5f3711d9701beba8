//! What comes of the building's parts in cards and in notices: to be stored and sent, in this order.

use protocol::Address;
use protocol::energy::SettlementMessage;

use super::Core;
use super::maintenance::Change;
use super::output::{Event, Output};

/// Something to be done: `Kept` is stored under a `Key`, a `Message` is sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Act<Kept, Key, Message> {
    /// Store it, before anything behind it leaves.
    Store(Kept),
    /// Forget it.
    Forget(Key),
    /// Send it to a member, which may be this node itself.
    Send(Address, Message),
    /// Send it to everybody who is connected, but for one.
    Spread(Message, Option<Address>),
    /// People see something else.
    Tell,
}

/// How one part's acts become changes of the disk and messages of the net.
pub(super) struct Ways<Kept, Key, Message> {
    pub(super) put: fn(Box<Kept>) -> Change,
    pub(super) delete: fn(Key) -> Change,
    pub(super) wrap: fn(Box<Message>) -> SettlementMessage,
}

impl Core {
    /// Carries acts out. Answers with the messages that are for this node itself.
    pub(super) fn carry_acts<Kept, Key, Message>(
        &mut self,
        acts: Vec<Act<Kept, Key, Message>>,
        ways: &Ways<Kept, Key, Message>,
    ) -> Vec<Message> {
        let me = self.ledger.address();
        let (mut changes, mut to_myself) = (Vec::new(), Vec::new());
        for act in acts {
            match act {
                Act::Store(kept) => changes.push((ways.put)(Box::new(kept))),
                Act::Forget(key) => changes.push((ways.delete)(key)),
                Act::Tell => self.event(Event::Hive),
                Act::Send(to, message) if to == me => to_myself.push(message),
                Act::Send(to, message) => {
                    self.persist(std::mem::take(&mut changes));
                    let message = Box::new((ways.wrap)(Box::new(message)));
                    self.out.push(Output::SendSettlement { to, message });
                }
                Act::Spread(message, but) => {
                    self.persist(std::mem::take(&mut changes));
                    let message = Box::new((ways.wrap)(Box::new(message)));
                    let connected = self.peers.iter().filter(|(_, peer)| peer.connected);
                    let to = connected.map(|(to, _)| *to).filter(|to| *to != me && Some(*to) != but);
                    self.out.extend(to.map(|to| Output::SendSettlement { to, message: message.clone() }));
                }
            }
        }
        self.persist(changes);
        to_myself
    }
}
