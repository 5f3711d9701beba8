//! Members and authorities: sequences, admission, proposals and what they lead to.

use protocol::membership::Admit;
use protocol::{Action, Address};

use super::{Change, Context, Model, Proposal, Set, Waiting, may_vote};

impl Model {
    /// Every transaction of a member is one more than its last.
    pub(super) fn count(&mut self, author: Address, sequence: u64) -> Result<(), String> {
        let member = self.members.get_mut(&author).ok_or(format!("{author} is no member"))?;
        if member.is_revoked || sequence != member.sequence + 1 {
            return Err(format!("transaction {sequence} of {author} follows {}", member.sequence));
        }
        member.sequence = sequence;
        Ok(())
    }

    pub(super) fn admit(
        &mut self,
        context: &Context,
        deciding: &Set,
        admit: &Admit,
    ) -> Result<Option<Change>, String> {
        let (grant, address) = (&admit.grant, Address::of(&admit.member));
        let inviter = Address::of(&admit.inviter);
        let is_invited = deciding.contains_key(&inviter)
            && grant.chain == self.chain
            && grant.verify(&admit.inviter, &admit.grant_signature).is_ok()
            && grant.verify_proof(&admit.member, &admit.proof).is_ok()
            && grant.expires >= self.time;
        if !is_invited {
            return Err(format!("{address} is admitted without an invitation that holds"));
        }
        if !self.used.insert(grant.nonce) {
            return Err(format!("{address} is admitted with a used invitation"));
        }
        if self.any_key(&address).is_some() {
            return Err(format!("{address} is admitted twice"));
        }
        let signers = [inviter, context.author].into();
        let (may_vote, expires) = (may_vote(grant.role), grant.expires);
        let waiting = Waiting { key: admit.member, may_vote, expires, signers };
        self.ask_admission(deciding, grant.nonce, waiting)
    }

    pub(super) fn propose(
        &mut self,
        context: &Context,
        deciding: &Set,
        action: &Action,
    ) -> Result<Option<Change>, String> {
        if self.proposals.iter().any(|open| open.executed.is_none() && open.action == *action) {
            return Err(format!("{action:?} is proposed twice"));
        }
        let approvals = [context.author].into();
        self.proposals.push(Proposal { action: action.clone(), approvals, executed: None });
        self.settle(context, deciding, self.proposals.len())
    }

    pub(super) fn approve(
        &mut self,
        context: &Context,
        deciding: &Set,
        number: u64,
    ) -> Result<Option<Change>, String> {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        let open = place.checked_sub(1).and_then(|index| self.proposals.get_mut(index));
        let open = open.ok_or(format!("proposal {number} does not exist"))?;
        open.approvals.retain(|address| deciding.contains_key(address));
        if open.executed.is_some() || !open.approvals.insert(context.author) {
            return Err(format!("proposal {number} is approved once too often"));
        }
        self.settle(context, deciding, place)
    }

    /// Carries a proposal out once more than two thirds of those who decide approve.
    fn settle(&mut self, context: &Context, deciding: &Set, number: usize) -> Result<Option<Change>, String> {
        let proposal = &mut self.proposals[number - 1];
        let approving = proposal.approvals.iter().filter(|address| deciding.contains_key(*address)).count();
        if 3 * approving <= 2 * deciding.len() {
            return Ok(None);
        }
        proposal.executed = Some(context.height);
        let action = proposal.action.clone();
        self.carry_out_action(&action)
    }

    fn carry_out_action(&mut self, action: &Action) -> Result<Option<Change>, String> {
        match action {
            Action::AddAuthority(address) => {
                let address = self.current(address);
                let member =
                    self.members.get(&address).filter(|member| member.may_vote && !member.is_revoked);
                let key = member.ok_or(format!("{address} becomes an authority and may not"))?.key;
                if self.coming_set().insert(address, key).is_some() {
                    return Err(format!("{address} becomes an authority twice"));
                }
                Ok(Some(Change::Authorities))
            }
            Action::RemoveAuthority(address) => {
                let address = self.current(address);
                let set = self.coming_set();
                if set.remove(&address).is_none() || set.is_empty() {
                    return Err(format!("{address} cannot leave the authorities"));
                }
                Ok(Some(Change::Authorities))
            }
            Action::RevokeMember(address) => self.revoke(address).map(Some),
            Action::Exclude(address) => {
                self.want_network_key();
                self.revoke(address).map(Some)
            }
            Action::ChangeKey(change) => self.change_authority_key(change).map(Some),
            Action::AskCosignatures(asks) => {
                if std::mem::replace(&mut self.asks_cosignatures, *asks) == *asks {
                    return Err(format!("co-signatures are asked for twice: {asks}"));
                }
                Ok(None)
            }
            Action::Energy(action) => self.decide_energy(action).map(|()| None),
            Action::AskJointly(question) => self.ask_jointly(question).map(|()| None),
            Action::Aggregate(_) => Err(format!("nobody in this world asked for {action:?}")),
        }
    }

    fn revoke(&mut self, address: &Address) -> Result<Change, String> {
        let address = self.current(address);
        let heights = self.sets.len() - 2;
        if self.sets[heights..].iter().any(|set| set.contains_key(&address)) {
            return Err(format!("{address} is revoked while it decides"));
        }
        let member = self.members.get_mut(&address).filter(|member| !member.is_revoked);
        member.ok_or(format!("{address} is revoked and no member"))?.is_revoked = true;
        Ok(Change::Revoked(address))
    }

    fn coming_set(&mut self) -> &mut Set {
        self.sets.last_mut().expect("invariant: genesis names the first sets")
    }
}
