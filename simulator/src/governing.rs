//! People who govern: they invite newcomers, add and remove authorities and shut members out, while faults are on.

use std::collections::BTreeMap;

use ledger::Event as LedgerEvent;
use node::core::{Actor, Answer, Command, Input, Refused, Ticket};
use protocol::assembly::{Commission, Effect, JointQuestion, Needed};
use protocol::energy::MicroEuro;
use protocol::invitation::{JoinRefusal, JoinResponse};
use protocol::{
    Action, Address, AssetKind, Bounded, Digest, Invitation, JoinRequest, Role, Severity, SignedInvitation,
};

use crate::checker::{Rule, Violation};
use crate::trace::short;
use crate::workload::Client;
use crate::world::{Event, World};

/// Nodes that may be let in.
pub(crate) const NEWCOMERS: usize = 2;
/// How long an invitation holds, milliseconds.
const INVITATION_MS: i64 = 3_600_000;
/// How often a newcomer knocks until it is let in, milliseconds.
const KNOCK_EVERY_MS: u64 = 3_000;
/// How often several buildings are asked one thing, milliseconds.
const ASK_EVERY_MS: u64 = 12_000;
/// How often people look whether something waits for their approval, milliseconds.
const OPERATE_EVERY_MS: u64 = 2_000;

/// How far a newcomer is.
#[derive(Debug, Default)]
pub(crate) struct Newcomer {
    invitation: Option<(SignedInvitation, Digest)>,
    is_in: bool,
    /// What it was invited as.
    role: Option<Role>,
}

impl Newcomer {
    /// It may lose its disk: it never signed anything as an authority, and never will.
    pub(crate) fn never_votes(&self) -> bool {
        self.is_in && self.role == Some(Role::Follower)
    }
}

/// What people are waiting for.
#[derive(Debug)]
pub(crate) struct Government {
    /// Authorities at the beginning: there are never fewer.
    founders: usize,
    /// Invitations that were asked for: for whom and with which secret.
    invites: BTreeMap<Ticket, (usize, Digest)>,
    /// Newcomers that knocked: who, and at whose door.
    knocks: BTreeMap<Ticket, (usize, usize)>,
    /// Removals of authorities that were proposed.
    removals: usize,
}

impl Government {
    pub(crate) fn new(founders: usize) -> Self {
        Self { founders, invites: BTreeMap::new(), knocks: BTreeMap::new(), removals: 0 }
    }
}

impl World<'_> {
    pub(crate) fn govern_later(&mut self) {
        let every_ms = self.weather.people.change_every_ms;
        if every_ms == 0 {
            return;
        }
        let wait = self.chance.wait(every_ms);
        self.after(wait, Event::Change);
        self.operate_all();
    }

    /// People at every building look now and then.
    pub(crate) fn operate_all(&mut self) {
        for node in 0..self.places.len() {
            self.operate_later(node);
        }
    }

    fn operate_later(&mut self, node: usize) {
        let every_ms = OPERATE_EVERY_MS.max(self.weather.people.change_every_ms / 8);
        let wait = self.chance.wait(every_ms);
        self.after(wait, Event::Operate { node });
    }

    /// Now and then the authorities of a hive whose residents meet ask several buildings one thing.
    pub(crate) fn ask_later(&mut self) {
        let people = self.weather.people;
        if !people.meet {
            return;
        }
        if people.change_every_ms == 0 && self.weather.sharing.pace == 0 {
            self.operate_all();
        }
        let every_ms = if self.settings.hours.is_some() { 20 * ASK_EVERY_MS } else { ASK_EVERY_MS };
        let wait = self.chance.wait(every_ms);
        self.after(wait, Event::Ask);
    }

    pub(crate) fn ask(&mut self) -> Result<(), Violation> {
        let governing: Vec<usize> = (0..self.places.len()).filter(|node| self.governs(*node)).collect();
        if governing.is_empty() || self.healed_at.is_some() {
            return Ok(());
        }
        let by = governing[self.chance.index(governing.len())];
        let question = self.question();
        let name = self.name(by);
        self.trace.note(self.now, "question", &[name.as_bytes()], || {
            format!("{name}     wants {} buildings asked", question.buildings.len())
        });
        let wait =
            self.chance.wait(if self.settings.hours.is_some() { 20 * ASK_EVERY_MS } else { ASK_EVERY_MS });
        self.after(wait, Event::Ask);
        self.command(by, Command::Propose(Action::AskJointly(Box::new(question)))).map(|_| ())
    }

    /// Two or three buildings and how many of them have to adopt.
    fn question(&mut self) -> JointQuestion {
        let number = self.chance.bits().to_be_bytes();
        let digest = |what: &str| Digest::of("symbiose simulator question v1", &[&number, what.as_bytes()]);
        let mut buildings: Vec<Address> = self.clients.iter().map(Client::address).collect();
        let asked = 2 + self.chance.index(2);
        while buildings.len() > asked {
            buildings.swap_remove(self.chance.index(buildings.len()));
        }
        buildings.sort_unstable();
        let needed = [Needed::All, Needed::Majority, Needed::TwoThirds][self.chance.index(3)];
        let commission = Commission {
            most: MicroEuro(1_000_000_000),
            asset: digest("asset"),
            kind: AssetKind::Elevator,
            severity: Severity::High,
            commitment: digest("commitment"),
        };
        let effect = if self.chance.per_mille(700) { Effect::WorkOrder(commission) } else { Effect::Nothing };
        let lead = buildings[self.chance.index(buildings.len())];
        let buildings = Bounded::new(buildings).expect("invariant: three at the most");
        JointQuestion { question: digest("question"), buildings, needed, lead, effect }
    }

    /// Somebody wants something changed.
    pub(crate) fn change(&mut self) -> Result<(), Violation> {
        if self.healed_at.is_some() {
            return Ok(());
        }
        let wait = self.chance.wait(self.weather.people.change_every_ms);
        self.after(wait, Event::Change);
        let governing: Vec<usize> = (0..self.places.len()).filter(|node| self.governs(*node)).collect();
        if governing.is_empty() {
            return Ok(());
        }
        let by = governing[self.chance.index(governing.len())];
        let action = match self.chance.below(8) {
            0 | 1 => return self.invite(by),
            2 => self.addition(),
            3 => self.removal(),
            4 => self.exclusion(),
            5 => return self.rotate(),
            6 => return self.change_network_key(by),
            _ => return self.take_back_or_ask(by),
        };
        let Some(action) = action else { return Ok(()) };
        let name = self.name(by);
        self.trace
            .note(self.now, "propose", &[name.as_bytes()], || format!("{name}     proposes {action:?}"));
        self.command(by, Command::Propose(action)).map(|_| ())
    }

    /// People at one building approve what waits for them.
    pub(crate) fn operate(&mut self, node: usize) -> Result<(), Violation> {
        let people = self.weather.people;
        if people.change_every_ms == 0 && self.weather.sharing.pace == 0 && !people.meet {
            return Ok(());
        }
        self.operate_later(node);
        if !self.governs(node) {
            return Ok(());
        }
        let Some(core) = self.places[node].building.core() else { return Ok(()) };
        let me = core.ledger().address();
        let open = core.ledger().state().proposals().filter(|(_, proposal)| {
            proposal.status == ledger::state::ProposalStatus::Open && !proposal.approvals.contains(&me)
        });
        let Some((number, _)) = open.last().filter(|_| core.outbox_len() == 0) else { return Ok(()) };
        self.command(node, Command::Approve(number)).map(|_| ())
    }

    /// A newcomer knocks at some door, again and again until it is let in.
    pub(crate) fn knock(&mut self, node: usize) -> Result<(), Violation> {
        let newcomer = self.places[node].newcomer.as_ref();
        let Some((signed, secret)) = newcomer.filter(|new| !new.is_in).and_then(|new| new.invitation.clone())
        else {
            return Ok(());
        };
        if self.healed_at.is_some() {
            return Ok(());
        }
        let wait = self.chance.wait(KNOCK_EVERY_MS);
        self.after(wait, Event::Knock { node });
        let door = self.chance.index(self.clients.len());
        if !self.is_up(door) || self.places[door].paused_until > self.now {
            return Ok(());
        }
        let key = &self.places[node].building.key;
        let (member, proof) = (key.public(), signed.grant.prove(key));
        let request = Box::new(JoinRequest { signed, secret, member, proof });
        let ticket = self.ticket();
        self.government.knocks.insert(ticket, (node, door));
        let names = [self.name(node), self.name(door)];
        self.trace.note(self.now, "knock", &[names[0].as_bytes(), names[1].as_bytes()], || {
            format!("{}     asks {} to be let in", names[0], names[1])
        });
        self.tell(door, Input::Join { ticket, request })
    }

    /// An answer to people.
    pub(crate) fn answered(&mut self, ticket: Ticket, answer: Result<Answer, Refused>) {
        let Some((node, secret)) = self.government.invites.remove(&ticket) else { return };
        let Ok(Answer::Invitation(signed)) = answer else { return };
        if let Some(newcomer) = &mut self.places[node].newcomer {
            newcomer.role = Some(signed.grant.role);
            newcomer.invitation = Some((*signed, secret));
            let wait = self.chance.between(100, 2_000);
            self.after(wait, Event::Knock { node });
        }
    }

    /// An answer to a newcomer.
    pub(crate) fn joined(&mut self, ticket: Ticket, response: JoinResponse) -> Result<(), Violation> {
        let Some((node, door)) = self.government.knocks.remove(&ticket) else { return Ok(()) };
        let door_lies = self.places[door].liar.is_some();
        let place = &mut self.places[node];
        let address = place.building.address();
        let is_member = self.model.is_member(&address);
        let Some(newcomer) = place.newcomer.as_mut().filter(|newcomer| !newcomer.is_in) else {
            return Ok(());
        };
        match response {
            JoinResponse::Accepted(genesis) => {
                if door_lies && !is_member {
                    return Ok(());
                }
                if genesis != self.hive.genesis || !is_member {
                    let detail = format!("{} lets {address} in, who is no member", self.name(door));
                    return Err(Violation::of(Rule::Durability, detail));
                }
                newcomer.is_in = true;
                place.is_gone = false;
                let name = place.building.name.clone();
                self.trace.note(self.now, "in", &[name.as_bytes()], || format!("{name}     is let in"));
                let wait = self.chance.between(10, 500);
                self.after(wait, Event::Start { node });
            }
            JoinResponse::Refused(refusal) => {
                // One that was taken back counts as used; whoever used it is a member.
                let is_over = match refusal {
                    JoinRefusal::OtherHive | JoinRefusal::NotInvited | JoinRefusal::Expired => true,
                    JoinRefusal::Used => !is_member,
                    JoinRefusal::AlreadyMember | JoinRefusal::Full | JoinRefusal::NotNow => false,
                };
                if is_over {
                    newcomer.invitation = None;
                }
            }
        }
        Ok(())
    }

    /// A node learns that a member was shut out: it hangs up.
    /// `later` is what else its block says.
    pub(crate) fn shut_out(
        &mut self,
        node: usize,
        address: &Address,
        later: &[LedgerEvent],
    ) -> Result<(), Violation> {
        let Some(gone) = self.places.iter().position(|place| place.building.goes_by(address)) else {
            return Ok(());
        };
        self.places[gone].is_gone = true;
        if later.first() == Some(&LedgerEvent::NetworkKeyDue) {
            let named = later.iter().find_map(|event| {
                if let LedgerEvent::NetworkKeyNamed(epoch) = event { Some(epoch - 1) } else { None }
            });
            let ledger = self.places[node].building.ledger();
            let now = ledger.and_then(|ledger| ledger.state().network_key()).map_or(0, |named| named.epoch);
            let epoch = named.unwrap_or(now);
            // Who hears of it late may know of later keys already.
            let first = self.places[gone].excluded_at_epoch.map_or(epoch, |known| known.min(epoch));
            self.places[gone].excluded_at_epoch = Some(first);
        }
        if gone == node { Ok(()) } else { self.part(node, gone) }
    }

    /// Whether a node takes the other for a member.
    pub(crate) fn welcomes(&self, node: usize, peer: usize) -> bool {
        let address = self.places[peer].building.address();
        let state = self.places[node].building.ledger().map(ledger::Ledger::state);
        state.is_some_and(|state| {
            let is_member = state.member(&address).is_some_and(|member| !member.revoked);
            is_member || state.authorities().key_of(&address).is_some()
        })
    }

    /// Whether people at this building may govern and mean well.
    pub(crate) fn governs(&self, node: usize) -> bool {
        let place = &self.places[node];
        let role = place.building.ledger().and_then(ledger::Ledger::role);
        place.is_held() && place.paused_until <= self.now && role == Some(Role::Authority)
    }

    fn invite(&mut self, by: usize) -> Result<(), Violation> {
        let is_free = |node: &usize| {
            self.places[*node].newcomer.as_ref().is_some_and(|new| !new.is_in && new.invitation.is_none())
        };
        let Some(node) = (0..self.places.len()).find(is_free) else { return Ok(()) };
        let secret = Digest::of("symbiose simulator secret v1", &[&self.chance.bits().to_be_bytes()]);
        let role = if self.chance.per_mille(500) { Role::Authority } else { Role::Follower };
        let nonce = Invitation::nonce_of(&secret);
        let expires = self.places[by].building.now(self.now).time.plus(self.hive.clock.span(INVITATION_MS));
        let names = [self.name(by), self.name(node)];
        self.trace.note(self.now, "invite", &[names[0].as_bytes(), names[1].as_bytes()], || {
            format!("{}     invites {} ({})", names[0], names[1], short(&nonce))
        });
        let ticket = self.ticket();
        self.government.invites.insert(ticket, (node, secret));
        let command = Command::Invite { nonce, role, expires };
        self.tell(by, Input::Command { ticket, by: Actor::default(), command })
    }

    /// A member that is here, does not lie and may vote becomes an authority.
    fn addition(&mut self) -> Option<Action> {
        let candidates: Vec<Address> = self
            .model
            .candidates()
            .filter(|address| {
                self.places.iter().any(|place| place.building.address() == *address && place.is_held())
            })
            .collect();
        let which = self.chance.index(candidates.len().max(1));
        candidates.get(which).copied().map(Action::AddAuthority)
    }

    /// An authority leaves, where more are left than founded the hive.
    fn removal(&mut self) -> Option<Action> {
        let under_way = self.government.removals.saturating_sub(self.model.removals());
        if self.model.coming_authorities().len() <= self.government.founders + under_way {
            return None;
        }
        // Who settles stays, so that two desks are left that do not fail.
        let stays = |address: &&Address| !self.model.has_desk(address);
        let set: Vec<Address> = self.model.coming_authorities().keys().filter(stays).copied().collect();
        if set.is_empty() {
            return None;
        }
        self.government.removals += 1;
        Some(Action::RemoveAuthority(set[self.chance.index(set.len())]))
    }

    /// A newcomer that is no authority is shut out again.
    fn exclusion(&mut self) -> Option<Action> {
        let is_in = |place: &&crate::place::Place| {
            let address = place.building.address();
            place.newcomer.as_ref().is_some_and(|newcomer| newcomer.is_in)
                && place.is_held()
                && !self.model.coming_authorities().contains_key(&address)
        };
        let address = self.places.iter().find(is_in)?.building.address();
        self.chance.per_mille(500).then_some(Action::RevokeMember(address))
    }

    /// An authority gives the hive another network key.
    fn change_network_key(&mut self, by: usize) -> Result<(), Violation> {
        let name = self.name(by);
        self.trace
            .note(self.now, "lock", &[name.as_bytes()], || format!("{name}     changes the network key"));
        self.command(by, Command::ChangeNetworkKey).map(|_| ())
    }

    /// An invitation that nobody used yet is taken back, or the hive asks for more signatures or for fewer.
    fn take_back_or_ask(&mut self, by: usize) -> Result<(), Violation> {
        let Some(ledger) = self.places[by].building.ledger() else { return Ok(()) };
        let asks = !ledger.state().settings().asks_cosignatures;
        let open = self.places.iter().filter_map(|place| place.newcomer.as_ref());
        let open = open.filter(|new| !new.is_in).find_map(|new| new.invitation.as_ref());
        let nonce = open.map(|(signed, _)| signed.grant.nonce);
        let command = match nonce.filter(|_| self.chance.per_mille(300)) {
            Some(nonce) => Command::RevokeInvitation(nonce),
            None => Command::Propose(Action::AskCosignatures(asks)),
        };
        let name = self.name(by);
        self.trace.note(self.now, "ask", &[name.as_bytes()], || format!("{name}     wants {command:?}"));
        self.command(by, command).map(|_| ())
    }

    pub(crate) fn command(&mut self, node: usize, command: Command) -> Result<Ticket, Violation> {
        let ticket = self.ticket();
        self.tell(node, Input::Command { ticket, by: Actor::default(), command })?;
        Ok(ticket)
    }
}
