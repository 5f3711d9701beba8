//! The registry of today, and the parts of it that lie on disk. It is always checked whole before it takes the place of
//! the one before.

use protocol::assembly::{Day, PersonId, Registry, RegistryName};
use protocol::limits::REGISTRY_KEPT_BYTES_MAX;
use protocol::{Address, Bounded, Digest, Invalid, encode};

use super::kept::{Part, parts, replaced, whole};
use super::{HomeError, Kept};
use crate::core::maintenance::Change;

/// What stands where a name was taken out for good.
const ERASED: &str = "—";
/// The registry of today among those that are kept.
const TODAY: u32 = 0;

/// The registry of today.
#[derive(Debug, Default)]
pub struct Book {
    registry: Option<Registry>,
    parts: Vec<Part>,
}

impl Book {
    pub(super) fn restore(&mut self, parts: Vec<Part>) {
        match whole(&parts) {
            Ok(registry) => (self.registry, self.parts) = (Some(registry), parts),
            Err(error) => tracing::error!(%error, "the registry does not read"),
        }
    }

    /// The registry, if there is one.
    pub fn registry(&self) -> Option<&Registry> {
        self.registry.as_ref()
    }

    /// Names what stands: another registry has another. 0 while there is none.
    pub fn revision(&self) -> u64 {
        self.registry.as_ref().map_or(0, revision)
    }

    /// Takes a registry in place of the one there is.
    pub(super) fn put(
        &mut self,
        building: Address,
        on: u64,
        mut registry: Registry,
    ) -> Result<Vec<Change>, HomeError> {
        let expected = self.revision();
        if on != expected {
            return Err(HomeError::Revision { expected, found: on });
        }
        registry.building = building;
        registry.check()?;
        let found = encode(&registry).len();
        if found > REGISTRY_KEPT_BYTES_MAX {
            let max = REGISTRY_KEPT_BYTES_MAX as u64;
            return Err(Invalid::Range { field: "bytes of the registry", max, found: found as u64 }.into());
        }
        let new = parts(TODAY, &registry);
        let (changed, gone) = replaced(&self.parts, &new);
        (self.registry, self.parts) = (Some(registry), new);
        let put = changed.into_iter().map(|part| Change::PutKept(Box::new(Kept::Part(part))));
        Ok(put.chain(gone.into_iter().map(Change::DeleteKept)).collect())
    }

    /// The registry without a person's name, which no law needs any more: who neither owns nor lives in nor serves the
    /// building. The number stays, so that minutes keep their sense.
    pub(super) fn without(&self, person: PersonId, today: Day) -> Result<Registry, HomeError> {
        let registry = self.registry.as_ref().ok_or(HomeError::NoRegistry)?;
        registry.person(person).ok_or(HomeError::NoPerson { person })?;
        if is_needed(registry, person, today) {
            return Err(HomeError::StillNeeded);
        }
        let mut persons = registry.persons.as_slice().to_vec();
        for one in persons.iter_mut().filter(|one| one.id == person) {
            one.name = RegistryName::new(ERASED).expect("invariant: a dash is a name");
        }
        let persons = Bounded::new(persons).expect("invariant: as many as before");
        Ok(Registry { persons, ..registry.clone() })
    }
}

/// Whether somebody owns, lives in or serves the building, today or later.
fn is_needed(registry: &Registry, person: PersonId, today: Day) -> bool {
    let owns = registry.lots.iter().any(|lot| {
        let current = lot.title_on(today).map(|title| title.from);
        let lasting = lot.titles.iter().filter(|title| current.is_none_or(|from| title.from >= from));
        lasting.flat_map(|title| title.owners.iter()).any(|owner| owner.person == person)
    });
    let lasts = |until: Option<Day>| until.is_none_or(|until| until >= today);
    let lives = registry
        .lots
        .iter()
        .flat_map(|lot| lot.occupants.iter())
        .any(|occupancy| occupancy.person == person && lasts(occupancy.until));
    owns || lives || registry.offices.iter().any(|office| office.person == person && lasts(office.until))
}

fn revision(registry: &Registry) -> u64 {
    let digest = Digest::of("symbiose registry revision v1", &[&encode(registry)]);
    let [a, b, c, d, e, f, ..] = *digest.as_bytes();
    // Six bytes, so that JSON carries it exactly; never 0.
    u64::from_be_bytes([0, 0, a, b, c, d, e, f]).max(1)
}
