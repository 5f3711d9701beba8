//! A draft of the page in the core's words, with salts of its own, and what is carried out back in the page's.

use ledger::assembly::deadlines;
use protocol::assembly::{
    Base, ChargeId, Commission, Day, Effect, ItemNumber, ItemResult, Matter, Meeting, Outcome, PersonId,
    Resolution, Round,
};
use protocol::energy::{MicroEuro, Salt};
use protocol::{Bounded, Digest, Invalid, Severity};
use web::request::{AssemblyDraft, EffectDraft, ItemDraft};
use web::view::{DocumentView, FollowView};
use web::{Kind, Problem};

use super::super::secrets;
use crate::core::Core;
use crate::core::assembly::{Act, DocumentName, Gathering, Plan};

/// A draft in the core's words.
pub(in crate::shell) fn prepared(
    core: &Core,
    number: Option<u32>,
    draft: AssemblyDraft,
) -> Result<Act, Problem> {
    let again = draft.again_of.map(|first| follows(core, first)).transpose()?;
    let is_again = matches!(again, Some((Meeting::ForUnanimity(_), _)));
    let items = (1..).zip(draft.items).map(|(number, item)| resolution(core, number, is_again, item));
    let items = items.collect::<Result<Vec<_>, _>>()?;
    let day = |field: &'static str, text: &str| web::day(field, text);
    let wrong = |field: &'static str| move |error: Invalid| invalid(field, &error);
    let assessors: Vec<PersonId> = draft.assessors.into_iter().map(PersonId).collect();
    let plan = Plan {
        day: day("day", &draft.day)?,
        place: protocol::assembly::Text::new(&draft.place).map_err(wrong("place"))?,
        meeting: again.map_or(Meeting::First, |(meeting, _)| meeting),
        notice: draft.notice.as_deref().map(|text| day("notice", text)).transpose()?,
        is_urgent: draft.urgent,
        chair: draft.chair.map(PersonId),
        secretary: draft.secretary.map(PersonId),
        assessors: Bounded::new(assessors).map_err(wrong("assessors"))?,
    };
    let number = number.map(|number| (number, draft.revision));
    Ok(Act::Prepare { number, plan: Box::new(plan), seed: salt()?, items })
}

fn resolution(
    core: &Core,
    number: u16,
    is_again: bool,
    draft: ItemDraft,
) -> Result<(Resolution, Vec<DocumentName>), Problem> {
    let wrong = |field: &'static str| move |error: Invalid| invalid(field, &error);
    let unknown = || Problem::new(Kind::Invalid, "expected a kind such as works").field("items.matter");
    let mut names = Vec::new();
    let mut documents = Vec::new();
    for DocumentView { name, hash } in &draft.documents {
        names.push(DocumentName::new(name).map_err(wrong("items.documents.name"))?);
        let hash: Digest = hash.parse().map_err(wrong("items.documents.hash"))?;
        documents.push(hash);
    }
    let missions: Vec<PersonId> = draft.missions.into_iter().map(PersonId).collect();
    let resolution = Resolution {
        item: ItemNumber(number),
        title: protocol::assembly::Text::new(&draft.title).map_err(wrong("items.title"))?,
        text: protocol::assembly::Text::new(&draft.text).map_err(wrong("items.text"))?,
        matter: Matter::from_name(&draft.matter).ok_or_else(unknown)?,
        base: draft.charge.map_or(Base::Whole, |charge| Base::Charge(ChargeId(charge))),
        round: match draft.second_of {
            Some(first) => Round::Second(ItemNumber(first)),
            None if is_again => Round::Again,
            None => Round::First,
        },
        missions: Bounded::new(missions).map_err(wrong("items.missions"))?,
        documents: Bounded::new(documents).map_err(wrong("items.documents"))?,
        effect: draft.effect.map_or(Ok(Effect::Nothing), |effect| carried_out(core, &effect))?,
        after_appeal: draft.after_appeal,
        salt: salt()?,
    };
    resolution.check().map_err(wrong("items"))?;
    Ok((resolution, names))
}

fn carried_out(core: &Core, effect: &EffectDraft) -> Result<Effect, Problem> {
    let most = |most: i64| {
        if most < 0 {
            return Err(Problem::new(Kind::Invalid, "expected 0 or more").field("items.effect.most"));
        }
        Ok(MicroEuro(most))
    };
    match effect {
        EffectDraft::Purchase { most: limit } => Ok(Effect::Purchase(most(*limit)?)),
        EffectDraft::Policy { document } => {
            let wrong =
                |_| Problem::new(Kind::Invalid, "expected 64 hex digits").field("items.effect.document");
            Ok(Effect::Policy(document.parse().map_err(wrong)?))
        }
        EffectDraft::Action { action } => {
            let action = protocol::Action::try_from(action)?;
            let effect = Effect::Action(Box::new(action));
            effect.check().map_err(|error| invalid("items.effect.action", &error))?;
            Ok(effect)
        }
        EffectDraft::WorkOrder { asset, most: limit } => {
            let unknown =
                || Problem::new(Kind::Invalid, "there is no such asset").field("items.effect.asset");
            let found = core.telemetry().catalogue().asset_by_code(asset).ok_or_else(unknown)?;
            let commitment = Digest::new(random()?);
            let asset = core.maintenance().pseudonym(&found.code);
            let kind = found.kind;
            let severity = Severity::Medium;
            Ok(Effect::WorkOrder(Commission { most: most(*limit)?, asset, kind, severity, commitment }))
        }
    }
}

pub(super) fn invalid(field: &'static str, error: &Invalid) -> Problem {
    Problem::new(Kind::Invalid, error.to_string()).field(field)
}

fn random() -> Result<[u8; 32], Problem> {
    secrets::random().map_err(|error| Problem::new(Kind::Internal, error.to_string()))
}

pub(super) fn salt() -> Result<Salt, Problem> {
    let random = random()?;
    let mut salt = [0; Salt::LEN];
    salt.copy_from_slice(&random[..Salt::LEN]);
    Ok(Salt::new(salt))
}

/// What is carried out, as it was drafted.
pub(super) fn drafted(core: &Core, effect: &Effect) -> Option<EffectDraft> {
    match effect {
        Effect::Nothing => None,
        Effect::Purchase(most) => Some(EffectDraft::Purchase { most: most.0 }),
        Effect::Policy(document) => Some(EffectDraft::Policy { document: document.to_string() }),
        Effect::Action(action) => Some(EffectDraft::Action { action: action.as_ref().clone().into() }),
        Effect::WorkOrder(commission) => {
            let mut assets = core.telemetry().catalogue().assets().iter();
            let found = assets.find(|asset| core.maintenance().pseudonym(&asset.code) == commission.asset);
            let asset = found.map_or_else(String::new, |asset| asset.code.to_string());
            Some(EffectDraft::WorkOrder { asset, most: commission.most.0 })
        }
    }
}

/// The assembly that follows one by its number, and the first day on which it may be held.
fn follows(core: &Core, first: u32) -> Result<(Meeting, Day), Problem> {
    let conflict = |detail: &str| Problem::new(Kind::Conflict, detail).field("again_of");
    let missing = || Problem::new(Kind::NotFound, "there is no such assembly").field("again_of");
    let gathering = core.home().gatherings().get(&first).ok_or_else(missing)?;
    following(core, gathering).ok_or_else(|| conflict("expected an assembly that could not decide"))
}

/// How an assembly that could not decide is held again, and from which day on. None for one that did, or has no result
/// yet, or whose law knows no such assembly.
pub(super) fn following(core: &Core, gathering: &Gathering) -> Option<(Meeting, Day)> {
    let (opening, id) = (gathering.stored.opening.as_ref()?, gathering.id()?);
    core.ledger().state().assembly(&id)?.ended?;
    let decisions = core.ledger().state().decisions(&id);
    let outcomes: Vec<Outcome> = decisions.filter_map(|(_, decision)| outcome(&decision.result)).collect();
    let (meeting, from) = if outcomes.contains(&Outcome::NoQuorum) {
        (Meeting::WithoutQuorum(id), deadlines::second_meeting(opening.law, opening.day))
    } else if outcomes.contains(&Outcome::Again) {
        (Meeting::ForUnanimity(id), deadlines::unanimity_again(opening.law, opening.day))
    } else {
        return None;
    };
    Some((meeting, from?.day))
}

const fn outcome(result: &ItemResult) -> Option<Outcome> {
    match result {
        ItemResult::Counted(record) => Some(record.outcome),
        ItemResult::NotPut(_) => None,
    }
}

/// The same for the page.
pub(super) fn follow_view(core: &Core, gathering: &Gathering) -> Option<FollowView> {
    let (meeting, from) = following(core, gathering)?;
    let kind = match meeting {
        Meeting::ForUnanimity(_) => "for-unanimity",
        Meeting::First | Meeting::WithoutQuorum(_) => "without-quorum",
    };
    Some(FollowView { kind: kind.to_owned(), from: from.to_string() })
}
