// A draft of an assembly as the page edits it, and the law as it chooses from it.

import type { components } from '../api';
import { ask, Failure, get, type Page } from './api';
import type { Assembly, Resolution } from './vote';

type Schemas = components['schemas'];
export type Registry = Schemas['RegistryView'];
export type Law = Schemas['RuleSetView'];
export type Matter = Schemas['MatterView'];
export type Effect = Schemas['EffectDraft'];
export type Document = Schemas['DocumentView'];

/** An item as it is edited. `key` names it while items move. */
export interface ItemEdit {
  key: number;
  title: string;
  text: string;
  matter: string;
  charge: number | null;
  /** Key of the item whose second vote it is. */
  second: number | null;
  missions: number[];
  documents: Document[];
  effect: Effect | null;
  after: boolean;
}

export interface Plan {
  revision: number;
  day: string;
  place: string;
  notice: string;
  urgent: boolean;
  chair: number | null;
  secretary: number | null;
  assessors: number[];
  again: number | null;
  items: ItemEdit[];
}

let keys = 0;

export const empty = (): ItemEdit => ({ key: (keys += 1), title: '', text: '', matter: 'ordinary', charge: null, second: null, missions: [], documents: [], effect: null, after: false });

export const fresh = (): Plan => ({ revision: 0, day: '', place: '', notice: '', urgent: false, chair: null, secretary: null, assessors: [], again: null, items: [empty()] });

/** A draft that stands, to be changed. */
export function edited(one: Assembly): Plan {
  const items = one.items.map((item) => itemOf(item));
  one.items.forEach((item, at) => {
    const edit = items[at];
    if (edit && item.second_of != null) edit.second = items[item.second_of - 1]?.key ?? null;
  });
  return { revision: one.revision, day: one.day, place: one.place, notice: one.notice ?? '', urgent: one.urgent, chair: one.chair ?? null, secretary: one.secretary ?? null, assessors: [...one.assessors], again: one.again_of ?? null, items };
}

/** What could not be decided, to be put to the vote again. */
export function following(one: Assembly): Plan {
  const isOpen = (item: Resolution) => (one.follow?.kind === 'for-unanimity' ? item.result?.outcome === 'again' : item.second_of == null);
  const items = one.items.filter(isOpen).map((item) => itemOf(item));
  return { ...fresh(), place: one.place, day: one.follow?.from ?? '', chair: one.chair ?? null, secretary: one.secretary ?? null, assessors: [...one.assessors], again: one.number, items };
}

const itemOf = (item: Resolution): ItemEdit => ({
  ...empty(),
  title: item.title,
  text: item.text,
  matter: item.matter,
  charge: item.charge ?? null,
  missions: [...item.missions],
  documents: item.documents.map((document) => ({ ...document })),
  effect: item.carried ? (structuredClone(item.carried) as Effect) : null,
  after: item.after_appeal,
});

/** As the node takes it. */
export function written(plan: Plan): Schemas['AssemblyDraft'] {
  const place = new Map(plan.items.map((item, at) => [item.key, at + 1]));
  return {
    revision: plan.revision,
    day: plan.day,
    place: plan.place,
    notice: plan.notice || null,
    urgent: plan.urgent,
    chair: plan.chair,
    secretary: plan.secretary,
    assessors: plan.assessors,
    again_of: plan.again,
    items: plan.items.map(({ title, text, matter, charge, second, missions, documents, effect, after }) => ({
      title,
      text,
      matter,
      charge,
      second_of: second == null ? null : (place.get(second) ?? null),
      missions,
      documents,
      effect,
      after_appeal: after,
    })),
  };
}

/** Moves an item by one place. A second vote never stands before its first. */
export function moved(items: ItemEdit[], at: number, by: 1 | -1): ItemEdit[] {
  const to = at + by;
  const [here, there] = [items[at], items[to]];
  if (!here || !there || here.second === there.key || there.second === here.key) return items;
  const next = [...items];
  [next[at], next[to]] = [there, here];
  return next;
}

/** Without an item, and without the second votes that followed it. */
export const without = (items: ItemEdit[], key: number): ItemEdit[] => items.filter((item) => item.key !== key && item.second !== key);

/** With the second vote on an item behind it: the same text, to be decided at the lower majority. */
export function withSecond(items: ItemEdit[], key: number): ItemEdit[] {
  const at = items.findIndex((item) => item.key === key);
  const first = items[at];
  if (!first || items.some((item) => item.second === key)) return items;
  const again: ItemEdit = { ...first, key: (keys += 1), second: key, missions: [...first.missions], documents: [...first.documents] };
  return [...items.slice(0, at + 1), again, ...items.slice(at + 1)];
}

/** The law that holds on a day. */
export function lawOn(registry: Registry, laws: Law[], day: string): Law | undefined {
  const dated = registry.laws.filter((law) => !day || law.from <= day).at(-1);
  return laws.find((law) => law.law === dated?.law);
}

export const registryOf = () => get<Registry>('/api/v1/registry');
export const laws = async () => (await get<Page<Law>>('/api/v1/laws')).items;
export const save = (number: string | undefined, plan: Plan) => ask<Assembly>(number ? 'PUT' : 'POST', number ? `/api/v1/assemblies/${number}` : '/api/v1/assemblies', written(plan));

export const DOCUMENT_BYTES_MAX = 2 * 1024 * 1024;

/** Hands a document in; it is kept under its hash. */
export async function keepDocument(file: File): Promise<Document> {
  const answer = await fetch('/api/v1/documents', { method: 'POST', headers: { 'content-type': 'application/octet-stream' }, body: file });
  if (!answer.ok) {
    const problem = (await answer.json().catch(() => ({}))) as { detail?: string };
    throw new Failure(answer.status, 'document', problem.detail ?? String(answer.status));
  }
  const { hash } = (await answer.json()) as { hash: string };
  return { name: file.name.slice(0, 120), hash };
}
