//! Between the nouns of the protocol and those of the page. Nothing is lost either way.

mod energy;
pub(crate) mod registry;

pub(crate) use energy::counted;
pub use energy::{desks, drafts};
pub use registry::{day, only_of};

use crate::problem::{Kind, Problem};
use crate::request::GovernanceAction;
use crate::view::{AssetKind, Role, Severity, WorkOrderStatus};
use protocol::aggregate::AggregateAction;
use protocol::assembly::JointQuestion;
use protocol::energy::EnergyAction;
use protocol::hex::{hex, unhex};
use protocol::limits::TRANSACTION_BYTES_MAX;
use protocol::{Action, Address, Invalid, KeyChange};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Both directions between two enums with the same variants.
macro_rules! same {
    ($ours:ident, $theirs:path, $($variant:ident),+) => {
        impl From<$theirs> for $ours {
            fn from(value: $theirs) -> Self {
                match value { $(<$theirs>::$variant => Self::$variant),+ }
            }
        }

        impl From<$ours> for $theirs {
            fn from(value: $ours) -> Self {
                match value { $($ours::$variant => Self::$variant),+ }
            }
        }
    };
}

mod aggregate;

same!(AssetKind, protocol::AssetKind, Hvac, Chiller, Elevator, Meter);
same!(Severity, protocol::Severity, Low, Medium, High);
same!(WorkOrderStatus, protocol::WorkOrderStatus, Open, InProgress, Done);
same!(Role, protocol::Role, Authority, Follower);

impl TryFrom<&GovernanceAction> for Action {
    type Error = Problem;

    fn try_from(action: &GovernanceAction) -> Result<Self, Problem> {
        let address = |member: &str| {
            let wrong =
                |_| Problem::new(Kind::Invalid, "expected an address of 40 hex digits").field("member");
            member.parse::<Address>().map_err(wrong)
        };
        Ok(match action {
            GovernanceAction::AddAuthority { member } => Self::AddAuthority(address(member)?),
            GovernanceAction::RemoveAuthority { member } => Self::RemoveAuthority(address(member)?),
            GovernanceAction::RevokeMember { member } => Self::RevokeMember(address(member)?),
            GovernanceAction::Exclude { member } => Self::Exclude(address(member)?),
            GovernanceAction::ChangeKey { member, public_key, proof } => {
                let wrong = |field| move |_| Problem::new(Kind::Invalid, "expected hex digits").field(field);
                Self::ChangeKey(KeyChange {
                    member: address(member)?,
                    key: public_key.parse().map_err(wrong("public_key"))?,
                    proof: proof.parse().map_err(wrong("proof"))?,
                })
            }
            GovernanceAction::AskCosignatures { asks } => Self::AskCosignatures(*asks),
            GovernanceAction::Energy { decision, what: Some(what), .. } if decision.is_empty() => {
                Self::Energy(what.try_into()?)
            }
            GovernanceAction::Energy { decision, .. } => Self::Energy(decision_of(decision)?),
            GovernanceAction::Aggregate { decision, what: Some(what), .. } if decision.is_empty() => {
                Self::Aggregate(what.try_into()?)
            }
            GovernanceAction::Aggregate { decision, .. } => {
                let wrong = |detail: &str| Problem::new(Kind::Invalid, detail).field("decision");
                let action: AggregateAction = from_hex(decision).ok_or_else(|| {
                    wrong("expected the hex digits of a decision about sums over many buildings")
                })?;
                action.check().map_err(|error: Invalid| wrong(&error.to_string()))?;
                Self::Aggregate(action)
            }
            GovernanceAction::AskJointly { question, .. } => {
                let question: JointQuestion = from_hex(question).ok_or_else(|| {
                    let expected = "expected the hex digits of a question to several buildings";
                    Problem::new(Kind::Invalid, expected).field("question")
                })?;
                let wrong = |error: Invalid| Problem::new(Kind::Invalid, error.to_string()).field("question");
                question.check().map_err(wrong)?;
                Self::AskJointly(Box::new(question))
            }
        })
    }
}

impl From<Action> for GovernanceAction {
    fn from(action: Action) -> Self {
        match action {
            Action::AddAuthority(member) => Self::AddAuthority { member: member.to_string() },
            Action::RemoveAuthority(member) => Self::RemoveAuthority { member: member.to_string() },
            Action::RevokeMember(member) => Self::RevokeMember { member: member.to_string() },
            Action::Exclude(member) => Self::Exclude { member: member.to_string() },
            Action::ChangeKey(KeyChange { member, key, proof }) => Self::ChangeKey {
                member: member.to_string(),
                public_key: key.to_string(),
                proof: proof.to_string(),
            },
            Action::AskCosignatures(asks) => Self::AskCosignatures { asks },
            Action::Energy(action) => {
                let decision = to_hex(&action);
                let what = Some((&action).into());
                Self::Energy { decision, says: action.to_string(), what }
            }
            Action::Aggregate(action) => {
                let what = Some((&action).into());
                Self::Aggregate { decision: to_hex(&action), says: action.to_string(), what }
            }
            Action::AskJointly(question) => {
                let id = question.id().to_string();
                let buildings = question.buildings.iter().map(ToString::to_string).collect();
                let needed = question.needed.name().to_owned();
                let effect = question.effect.name().to_owned();
                let most = question.effect.most().map(|most| most.0);
                let text = question.question.to_string();
                Self::AskJointly { question: to_hex(&*question), id, buildings, needed, text, effect, most }
            }
        }
    }
}

/// A decision about energy from the hex digits of its canonical bytes.
fn decision_of(text: &str) -> Result<EnergyAction, Problem> {
    let wrong = || Problem::new(Kind::Invalid, "expected the hex digits of a decision about energy");
    from_hex(text).ok_or_else(|| wrong().field("decision"))
}

fn to_hex(value: &impl Serialize) -> String {
    hex(&protocol::encode(value))
}

/// A value from the hex digits of its canonical bytes.
fn from_hex<T: Serialize + DeserializeOwned>(text: &str) -> Option<T> {
    protocol::decode(&unhex(text)?, TRANSACTION_BYTES_MAX).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_come_back_and_addresses_are_checked() {
        let action = GovernanceAction::AddAuthority { member: "ab".repeat(20) };
        let there = Action::try_from(&action).expect("a valid address");
        assert_eq!(GovernanceAction::from(there), action);
        let cut = Action::Energy(EnergyAction::Cut(protocol::energy::SlotLength::Half));
        let shown = GovernanceAction::from(cut.clone());
        let says = "slots of 30 minutes".to_owned();
        assert!(matches!(&shown, GovernanceAction::Energy { says: found, .. } if *found == says));
        assert_eq!(Action::try_from(&shown).expect("a decision"), cut);
        let GovernanceAction::Energy { says, what, .. } = shown else { return };
        let worded = GovernanceAction::Energy { decision: String::new(), says, what };
        assert_eq!(Action::try_from(&worded).expect("the same in words"), cut);
        for decision in ["", "a", "zz", "a1634375746448616c6600"] {
            let wrong =
                GovernanceAction::Energy { decision: decision.to_owned(), says: String::new(), what: None };
            let field = Action::try_from(&wrong).map_err(|problem| problem.field);
            assert_eq!(field, Err(Some("decision".to_owned())), "{decision}");
        }
        let wrong = GovernanceAction::RevokeMember { member: "zz".repeat(20) };
        assert_eq!(Action::try_from(&wrong).map_err(|problem| problem.field), Err(Some("member".to_owned())));
    }
}
