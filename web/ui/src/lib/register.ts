// Changes of the registry, one at a time, on the copy that the page holds. The node checks the whole and takes it or not.

import type { components } from '../api';
import { ask } from './api';

type Schemas = components['schemas'];
export type Registry = Schemas['RegistryView'];
export type Lot = Schemas['LotView'];
export type Title = Schemas['TitleView'];
export type Owner = Schemas['OwnerView'];
export type Duty = Schemas['DutyName'];
export type LotKind = Schemas['LotKindName'];

export const put = (registry: Registry) => ask<Registry>('PUT', '/api/v1/registry', registry);

const next = (ids: number[]) => Math.max(0, ...ids) + 1;
const sorted = <T extends { from: string }>(all: T[]) => [...all].sort((a, b) => a.from.localeCompare(b.from));

/** The title that holds on a day. */
export const titleOn = (lot: Lot, day: string): Title | undefined => lot.titles.filter((title) => title.from <= day).at(-1);

/** With somebody new. Answers the number too. */
export function withPerson(registry: Registry, name: string, legal: boolean): { registry: Registry; id: number } {
  const id = next(registry.persons.map((person) => person.id));
  return { registry: { ...registry, persons: [...registry.persons, { id, name: name.trim(), legal }] }, id };
}

/** With a name put right. */
export const renamed = (registry: Registry, id: number, name: string): Registry => ({ ...registry, persons: registry.persons.map((person) => (person.id === id ? { ...person, name: name.trim() } : person)) });

const withLot = (registry: Registry, id: number, change: (lot: Lot) => Lot): Registry => ({ ...registry, lots: registry.lots.map((lot) => (lot.id === id ? change(lot) : lot)) });

/** A lot that changes hands on a day. What was before stays on record. One of several owners votes, or nobody does. */
export function transferred(registry: Registry, lot: number, from: string, owners: Owner[], representative: number | null): Registry {
  const held = owners.filter((owner) => owner.right !== 'usufruct').reduce((sum, owner) => sum + owner.parts, 0);
  const title: Title = { from, whole: Math.max(1, held), owners, representative: new Set(owners.map((owner) => owner.person)).size > 1 ? representative : null };
  return withLot(registry, lot, (one) => ({ ...one, titles: sorted([...one.titles.filter((known) => known.from !== from), title]) }));
}

/** Somebody moves in; who lived there moves out on the day before. */
export function movedIn(registry: Registry, lot: number, person: number, from: string): Registry {
  const before = new Date(Date.parse(`${from}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
  return withLot(registry, lot, (one) => ({ ...one, occupants: sorted([...one.occupants.map((known) => (known.until == null && known.from < from ? { ...known, until: before } : known)), { person, from, until: null }]) }));
}

/** Whoever lives there moves out on a day. */
export const movedOut = (registry: Registry, lot: number, person: number, until: string): Registry =>
  withLot(registry, lot, (one) => ({ ...one, occupants: one.occupants.map((known) => (known.person === person && known.until == null ? { ...known, until } : known)) }));

/** Somebody begins to be something to the association. */
export const appointed = (registry: Registry, person: number, duty: Duty, from: string): Registry => ({ ...registry, offices: [...registry.offices, { person, duty, from, until: null }] });

/** And ends to be it. */
export const dismissed = (registry: Registry, person: number, duty: Duty, until: string): Registry => ({ ...registry, offices: registry.offices.map((office) => (office.person === person && office.duty === duty && office.until == null ? { ...office, until } : office)) });

/** A lot that the registry did not have. The deed's sum grows with it. */
export function withNewLot(registry: Registry, lot: { name: string; kind: LotKind; votes: number; owner: number; from: string }): Registry {
  const id = next(registry.lots.map((one) => one.id));
  const title: Title = { from: lot.from, whole: 1, owners: [{ person: lot.owner, right: 'full', parts: 1 }], representative: null };
  return { ...registry, votes: registry.votes + lot.votes, lots: [...registry.lots, { id, name: lot.name.trim(), kind: lot.kind, votes: lot.votes, titles: [title], occupants: [] }] };
}

/** A registry begun on the page. */
export const begun = (law: string, from: string): Registry => ({ revision: 0, votes: 0, lots: [], persons: [], charges: [], offices: [], laws: [{ from, law }] });
