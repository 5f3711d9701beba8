//! Signed transactions by the ton: members that run no node and open work orders for equipment that does not exist.

use protocol::limits::WORK_ORDERS_OPEN_PER_MEMBER_MAX;
use protocol::transaction::TransactionBody;
use protocol::{
    AssetKind, ChainId, Digest, Height, OpenWorkOrder, Payload, Sequence, Severity, SigningKey, encode,
};

use crate::layout::Plan;

/// Transactions one member may sign: each opens a work order that stays open.
pub const PER_MEMBER_MAX: u64 = WORK_ORDERS_OPEN_PER_MEMBER_MAX as u64;
/// Height at which a load transaction expires: no measurement gets there.
const EXPIRES: Height = Height(90_000);

/// A member that signs load.
#[derive(Debug)]
pub struct Member {
    key: SigningKey,
    chain: ChainId,
    signed: u64,
}

/// A signed transaction and the id it will have in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// 64 hex digits.
    pub id: String,
    /// Canonical bytes, about 260 of them.
    pub bytes: Vec<u8>,
}

impl Member {
    /// The load members of a plan, none of which has signed yet.
    pub fn all(plan: &Plan) -> crate::Result<Vec<Self>> {
        let chain = plan.genesis()?.chain();
        let member = |index| Self { key: plan.keys().load(index), chain, signed: 0 };
        Ok((0..plan.load_members).map(member).collect())
    }

    /// The member's next transaction; none when it has opened as many work orders as it may.
    pub fn sign(&mut self) -> Option<Signed> {
        if self.signed >= PER_MEMBER_MAX {
            return None;
        }
        self.signed += 1;
        let digest = |purpose: &'static str| Digest::of(purpose, &[&self.signed.to_be_bytes()]);
        let payload = Payload::OpenWorkOrder(OpenWorkOrder {
            reference: digest("symbiose load reference"),
            asset: digest("symbiose load asset"),
            kind: AssetKind::Elevator,
            policy: digest("symbiose load policy"),
            severity: Severity::High,
            commitment: digest("symbiose load commitment"),
        });
        let author = self.key.public();
        let body = TransactionBody { author, sequence: Sequence(self.signed), expires: EXPIRES, payload };
        let signed = body.sign(&self.key, &self.chain);
        Some(Signed { id: signed.id().to_string(), bytes: encode(signed.transaction()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::FOUNDED_MS;
    use protocol::Transaction;

    fn plan() -> Plan {
        Plan {
            buildings: 1,
            authorities: 1,
            seed: 42,
            load_members: 2,
            founded_ms: FOUNDED_MS,
            in_service_ms: FOUNDED_MS,
            replay: None,
            joined: 0,
        }
    }

    #[test]
    fn load_verifies_and_is_about_256_bytes() {
        let plan = plan();
        let mut members = Member::all(&plan).unwrap();
        let signed = members[1].sign().unwrap();
        assert!((230..300).contains(&signed.bytes.len()), "{}", signed.bytes.len());
        let transaction = Transaction::from_bytes(&signed.bytes).unwrap();
        assert_eq!(transaction.id().to_string(), signed.id);
        transaction.verify(&plan.genesis().unwrap().chain()).unwrap();
    }

    #[test]
    fn a_member_stops_where_the_ledger_would_refuse_it() {
        let mut member = Member::all(&plan()).unwrap().remove(0);
        let signed = std::iter::from_fn(|| member.sign()).count();
        assert_eq!(signed as u64, PER_MEMBER_MAX);
    }
}
