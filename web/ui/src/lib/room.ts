// What is signed around a vote: proxies, and sheets of paper that two persons enter. Canonical bytes, as the node reads them.

import type { components } from '../api';
import { ask, get, type Page } from './api';
import { bytes, encode, hex, type Item } from './cbor';
import { digest, salt, sign, type Own } from './resident';
import type { Assembly, Resolution, Taken } from './vote';

type Schemas = components['schemas'];
export type Voice = Schemas['VoiceView'];
export type Proxy = Schemas['ProxyView'];
export type Holder = Schemas['HolderView'];
export type Stand = Schemas['StandView'];
export type Sheet = Schemas['SheetView'];
export type Presence = Schemas['PresenceView'];
export type Answer = 'For' | 'Against' | 'Abstain' | 'Blank' | 'Null';
export const ANSWERS: Answer[] = ['For', 'Against', 'Abstain', 'Blank', 'Null'];

export const voice = (number: number | string) => get<Voice>(`/api/v1/assemblies/${number}/voice`);
export const sheets = async (number: number) => (await get<Page<Sheet>>(`/api/v1/assemblies/${number}/sheets`)).items;

/** What a proxy lets its holder do. */
export interface Mandate {
  lots: number[];
  holder: number;
  items: number[];
  coversSecond: boolean;
}

const ascending = (numbers: number[]) => [...numbers].sort((a, b) => a - b);
const mandateItem = ({ lots, holder, items, coversSecond }: Mandate): Item => [ascending(lots), holder, ascending(items), coversSecond];

/** The bytes of a signed word about a proxy, and what the ledger knows it by. */
export function proxy(assembly: Pick<Assembly, 'id' | 'chain'>, own: Own, act: { give: Mandate } | { takeBack: string }): { signed: Uint8Array; commitment: string } {
  const said: Item = 'give' in act ? { variant: 'Give', of: mandateItem(act.give) } : { variant: 'TakeBack', of: bytes(act.takeBack) };
  const body: Item = [bytes(assembly.id ?? ''), bytes(own.key), said, salt()];
  const signed = encode([body, sign(own, 'proxy', assembly.chain, encode(body))]);
  return { signed, commitment: hex(digest('symbiose proxy v1', signed)) };
}

const handIn = (assembly: Assembly, signed: Uint8Array) => ask<Taken>('POST', `/api/v1/assemblies/${assembly.number}/ballots`, { proxy: hex(signed) });

export const give = (assembly: Assembly, own: Own, mandate: Mandate) => handIn(assembly, proxy(assembly, own, { give: mandate }).signed);
export const takeBack = (assembly: Assembly, own: Own, commitment: string) => handIn(assembly, proxy(assembly, own, { takeBack: commitment }).signed);

/** A sheet as it lies on the table. */
export interface Paper {
  person: number;
  lots: number[];
  /** BLAKE3 of the scan, 64 hex digits. */
  scan: string;
  says: { kind: 'ballot'; item: Resolution; choice: Answer } | { kind: 'postal'; received: string; answers: { item: Resolution; choice: Answer }[] } | { kind: 'proxy'; holder: number; coversSecond: boolean; notarial: boolean };
}

const DAY_MS = 86_400_000;
const answerItem = (item: Resolution, choice: Answer): Item => [item.item, bytes(item.hash), choice];

function sheetItem({ lots, says }: Paper): Item {
  const own = ascending(lots);
  switch (says.kind) {
    case 'ballot':
      return { variant: 'Ballot', of: [own, answerItem(says.item, says.choice), null] };
    case 'postal': {
      const answers = [...says.answers].sort((a, b) => a.item.item - b.item.item).map(({ item, choice }) => answerItem(item, choice));
      return { variant: 'Postal', of: [own, Math.floor(Date.parse(`${says.received}T00:00:00Z`) / DAY_MS), answers] };
    }
    case 'proxy':
      return { variant: 'Proxy', of: [mandateItem({ lots, holder: says.holder, items: [], coversSecond: says.coversSecond }), says.notarial] };
  }
}

/** The bytes of a sheet that syndic and assessor sign. */
export function paper(assembly: Pick<Assembly, 'id' | 'counters'>, one: Paper, sequence: number): Uint8Array {
  const [, syndic = '', assessor = ''] = assembly.counters;
  return encode([bytes(assembly.id ?? ''), one.person, sheetItem(one), bytes(one.scan), sequence, bytes(syndic), bytes(assessor), salt()]);
}

/** One person's signature under a sheet: over the assembly and what the ledger knows the sheet by, so that it checks both itself. */
export function countersign(assembly: Pick<Assembly, 'id' | 'chain'>, own: Own, body: Uint8Array): { commitment: string; signature: string } {
  const commitment = digest('symbiose paper v2', body);
  const signature = sign(own, 'paper-entry', assembly.chain, encode([bytes(assembly.id ?? ''), commitment]));
  return { commitment: hex(commitment), signature: hex(signature) };
}

/** Puts one's signature under a sheet. The second one hands it in. */
export const signSheet = (assembly: Assembly, own: Own, body: Uint8Array) =>
  ask<Page<Sheet>>('POST', `/api/v1/assemblies/${assembly.number}/sheets`, { paper: hex(body), signature: countersign(assembly, own, body).signature });
export const dropSheet = (assembly: Assembly, id: string) => ask('DELETE', `/api/v1/assemblies/${assembly.number}/sheets/${id}`);

export const attend = (assembly: Assembly, presences: Presence[]) => ask<Assembly>('PUT', `/api/v1/assemblies/${assembly.number}/presences`, { presences });
