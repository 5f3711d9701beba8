//! A registry between its own form and that of JSON. What is taken is checked whole; the field at fault is named.

use crate::problem::{Kind, Problem};
use crate::view::{
    ChargePart, ChargeView, DutyName, LawView, LotKindName, LotView, OccupantView, OfficeView, OwnerView,
    PersonView, RegistryView, RightName, TitleView,
};
use protocol::assembly::{
    ChargeId, ChargeKey, Day, Duty, Lot, LotId, LotKind, Occupancy, Office, Owner, Person, PersonId,
    Registry, RegistryName, Right, RuleSet, Title, Votes,
};
use protocol::limits::VOTES_MAX;
use protocol::{Address, Bounded};

/// The day of `2030-06-15`.
pub fn day(field: &str, text: &str) -> Result<Day, Problem> {
    let wrong = || Problem::new(Kind::Invalid, "expected a day such as 2030-06-15").field(field);
    let mut parts = text.split('-');
    let mut next = |digits: usize| {
        let part =
            parts.next().filter(|part| part.len() == digits && part.bytes().all(|b| b.is_ascii_digit()));
        part.and_then(|part| part.parse::<u32>().ok()).ok_or_else(wrong)
    };
    let (year, month, date) = (next(4)?, next(2)?, next(2)?);
    if parts.next().is_some() {
        return Err(wrong());
    }
    i32::try_from(year).ok().and_then(|year| Day::from_date(year, month, date)).ok_or_else(wrong)
}

pub(crate) fn name<const MAX: usize>(
    field: &str,
    text: &str,
) -> Result<protocol::assembly::Text<MAX>, Problem> {
    protocol::assembly::Text::new(text)
        .map_err(|error| Problem::new(Kind::Invalid, error.to_string()).field(field))
}

/// A list within its bound.
pub(crate) fn bounded<T, const MAX: usize>(field: &str, items: Vec<T>) -> Result<Bounded<T, MAX>, Problem> {
    let found = items.len();
    let wrong =
        |_| Problem::new(Kind::Invalid, format!("expected at most {MAX}, found {found}")).field(field);
    Bounded::new(items).map_err(wrong)
}

pub(crate) fn law(field: &str, text: &str) -> Result<RuleSet, Problem> {
    let known = RuleSet::ALL.into_iter().find(|law| law.name() == text);
    known.ok_or_else(|| Problem::new(Kind::Invalid, "expected be-2020 or fr-2020").field(field))
}

impl TryFrom<RegistryView> for Registry {
    type Error = Problem;

    fn try_from(view: RegistryView) -> Result<Self, Problem> {
        let lots = view.lots.into_iter().map(lot).collect::<Result<Vec<_>, _>>()?;
        let persons = view.persons.iter().map(person).collect::<Result<Vec<_>, _>>()?;
        let charges = view.charges.into_iter().map(charge).collect::<Result<Vec<_>, _>>()?;
        let offices = view.offices.iter().map(office).collect::<Result<Vec<_>, _>>()?;
        let dated = |one: &LawView| Ok::<_, Problem>((day("laws", &one.from)?, law("laws", &one.law)?));
        let laws = view.laws.iter().map(dated).collect::<Result<Vec<_>, _>>()?;
        let registry = Self {
            building: Address::new([0; 20]),
            votes: votes("votes", view.votes)?,
            lots: bounded("lots", lots)?,
            persons: bounded("persons", persons)?,
            charges: bounded("charges", charges)?,
            offices: bounded("offices", offices)?,
            laws: bounded("laws", laws)?,
        };
        registry.check().map_err(|error| Problem::new(Kind::Invalid, error.to_string()).field("registry"))?;
        Ok(registry)
    }
}

fn votes(field: &str, votes: u64) -> Result<Votes, Problem> {
    if votes > VOTES_MAX {
        let detail = format!("expected at most {VOTES_MAX}, found {votes}");
        return Err(Problem::new(Kind::Invalid, detail).field(field));
    }
    Ok(Votes(votes))
}

fn lot(view: LotView) -> Result<Lot, Problem> {
    let titles = view.titles.into_iter().map(title).collect::<Result<Vec<_>, _>>()?;
    let lives = |one: &OccupantView| {
        let until = one.until.as_deref().map(|text| day("occupants.until", text)).transpose()?;
        Ok::<_, Problem>(Occupancy {
            person: PersonId(one.person),
            from: day("occupants.from", &one.from)?,
            until,
        })
    };
    let occupants = view.occupants.iter().map(lives).collect::<Result<Vec<_>, _>>()?;
    Ok(Lot {
        id: LotId(view.id),
        name: name("lots.name", &view.name)?,
        kind: kind(view.kind),
        votes: votes("lots.votes", view.votes)?,
        titles: bounded("titles", titles)?,
        occupants: bounded("occupants", occupants)?,
    })
}

fn title(view: TitleView) -> Result<Title, Problem> {
    let owns =
        |one: &OwnerView| Owner { person: PersonId(one.person), right: right(one.right), parts: one.parts };
    let mut owners: Vec<Owner> = view.owners.iter().map(owns).collect();
    owners.sort_by_key(|owner| (owner.person, owner.right));
    Ok(Title {
        from: day("titles.from", &view.from)?,
        whole: view.whole,
        owners: bounded("owners", owners)?,
        representative: view.representative.map(PersonId),
    })
}

fn person(view: &PersonView) -> Result<Person, Problem> {
    let name: RegistryName = name("persons.name", &view.name)?;
    Ok(Person { id: PersonId(view.id), name, is_legal: view.legal })
}

fn charge(view: ChargeView) -> Result<ChargeKey, Problem> {
    let part = |part: &ChargePart| Ok::<_, Problem>((LotId(part.lot), votes("charges.votes", part.votes)?));
    let parts = view.parts.iter().map(part).collect::<Result<Vec<_>, _>>()?;
    Ok(ChargeKey {
        id: ChargeId(view.id),
        name: name("charges.name", &view.name)?,
        parts: bounded("charges.parts", parts)?,
    })
}

fn office(view: &OfficeView) -> Result<Office, Problem> {
    let until = view.until.as_deref().map(|text| day("offices.until", text)).transpose()?;
    let from = day("offices.from", &view.from)?;
    Ok(Office { person: PersonId(view.person), duty: duty(view.duty), from, until })
}

/// As JSON shows it.
pub(crate) fn shown(revision: u64, registry: &Registry) -> RegistryView {
    RegistryView {
        revision,
        votes: registry.votes.0,
        lots: registry.lots.iter().map(shown_lot).collect(),
        persons: registry.persons.iter().map(shown_person).collect(),
        charges: registry.charges.iter().map(shown_charge).collect(),
        offices: registry.offices.iter().map(shown_office).collect(),
        laws: registry
            .laws
            .iter()
            .map(|(from, law)| LawView { from: from.to_string(), law: law.name().to_owned() })
            .collect(),
    }
}

/// What a registry says of one person: everybody else is left out.
pub fn only_of(registry: &Registry, person: &Person) -> (PersonView, Vec<LotView>, Vec<OfficeView>) {
    let lots = registry.lots.iter().map(shown_lot).filter_map(|mut lot| {
        lot.titles.retain(|title| title.owners.iter().any(|owner| owner.person == person.id.0));
        for title in &mut lot.titles {
            title.owners.retain(|owner| owner.person == person.id.0);
            title.representative = title.representative.filter(|one| *one == person.id.0);
        }
        lot.occupants.retain(|one| one.person == person.id.0);
        (!lot.titles.is_empty() || !lot.occupants.is_empty()).then_some(lot)
    });
    let offices = registry.offices.iter().filter(|office| office.person == person.id);
    (shown_person(person), lots.collect(), offices.map(shown_office).collect())
}

pub(crate) fn shown_lot(lot: &Lot) -> LotView {
    let lives = |one: &Occupancy| OccupantView {
        person: one.person.0,
        from: one.from.to_string(),
        until: one.until.map(|until| until.to_string()),
    };
    LotView {
        id: lot.id.0,
        name: lot.name.to_string(),
        kind: shown_kind(lot.kind),
        votes: lot.votes.0,
        titles: lot.titles.iter().map(shown_title).collect(),
        occupants: lot.occupants.iter().map(lives).collect(),
    }
}

fn shown_title(title: &Title) -> TitleView {
    let owns =
        |one: &Owner| OwnerView { person: one.person.0, right: shown_right(one.right), parts: one.parts };
    TitleView {
        from: title.from.to_string(),
        whole: title.whole,
        owners: title.owners.iter().map(owns).collect(),
        representative: title.representative.map(|person| person.0),
    }
}

pub(crate) fn shown_person(person: &Person) -> PersonView {
    PersonView { id: person.id.0, name: person.name.to_string(), legal: person.is_legal }
}

fn shown_charge(charge: &ChargeKey) -> ChargeView {
    let part = |(lot, votes): &(LotId, Votes)| ChargePart { lot: lot.0, votes: votes.0 };
    ChargeView {
        id: charge.id.0,
        name: charge.name.to_string(),
        parts: charge.parts.iter().map(part).collect(),
    }
}

pub(crate) fn shown_office(office: &Office) -> OfficeView {
    OfficeView {
        person: office.person.0,
        duty: office.duty.into(),
        from: office.from.to_string(),
        until: office.until.map(|until| until.to_string()),
    }
}

fn kind(name: LotKindName) -> LotKind {
    match name {
        LotKindName::Dwelling => LotKind::Dwelling,
        LotKindName::Premises => LotKind::Premises,
        LotKindName::Cellar => LotKind::Cellar,
        LotKindName::Parking => LotKind::Parking,
    }
}

fn shown_kind(kind: LotKind) -> LotKindName {
    match kind {
        LotKind::Dwelling => LotKindName::Dwelling,
        LotKind::Premises => LotKindName::Premises,
        LotKind::Cellar => LotKindName::Cellar,
        LotKind::Parking => LotKindName::Parking,
    }
}

fn right(name: RightName) -> Right {
    match name {
        RightName::Full => Right::Full,
        RightName::Bare => Right::Bare,
        RightName::Usufruct => Right::Usufruct,
    }
}

fn shown_right(right: Right) -> RightName {
    match right {
        Right::Full => RightName::Full,
        Right::Bare => RightName::Bare,
        Right::Usufruct => RightName::Usufruct,
    }
}

fn duty(name: DutyName) -> Duty {
    match name {
        DutyName::Syndic => Duty::Syndic,
        DutyName::SyndicPartner => Duty::SyndicPartner,
        DutyName::SyndicRelative => Duty::SyndicRelative,
        DutyName::SyndicStaff => Duty::SyndicStaff,
        DutyName::Council => Duty::Council,
        DutyName::Auditor => Duty::Auditor,
        DutyName::Mandated => Duty::Mandated,
        DutyName::Manager => Duty::Manager,
        DutyName::Technician => Duty::Technician,
    }
}

impl From<Duty> for DutyName {
    fn from(duty: Duty) -> Self {
        match duty {
            Duty::Syndic => Self::Syndic,
            Duty::SyndicPartner => Self::SyndicPartner,
            Duty::SyndicRelative => Self::SyndicRelative,
            Duty::SyndicStaff => Self::SyndicStaff,
            Duty::Council => Self::Council,
            Duty::Auditor => Self::Auditor,
            Duty::Mandated => Self::Mandated,
            Duty::Manager => Self::Manager,
            Duty::Technician => Self::Technician,
        }
    }
}
