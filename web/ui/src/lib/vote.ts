// A ballot from choice to receipt: signed here over canonical bytes, handed to the node, found again on the ledger and
// checked here. What was chosen stays on this device only.

import type { components } from '../api';
import { ask, Failure, get, type Page, type Proof } from './api';
import { bytes, encode, hex, type Item } from './cbor';
import { digest, salt, sign, type Own } from './resident';
import { decode } from './slotproof';
import { verify } from './verify';

type Schemas = components['schemas'];
export type Assembly = Schemas['AssemblyView'];
export type Resolution = Schemas['ItemView'];
export type Taken = Schemas['TakenView'];
export type Choice = 'For' | 'Against' | 'Abstain';
export const CHOICES: Choice[] = ['For', 'Against', 'Abstain'];

/** What this device remembers of a ballot. */
export interface Cast {
  choice: Choice;
  commitment: string;
  sequence: number;
  at: number;
  /** What was signed, hex, to be handed in again; none once it is decided, or behind the newest {@link SIGNED_KEPT_MAX}. */
  signed?: string;
  /** What the node that took it promised, hex; none came yet. */
  promise?: string;
}

/** Ballots of which this device keeps what it signed; of older ones the choice alone. */
export const SIGNED_KEPT_MAX = 64;

/** How a ballot stands, for who signed it: on the ledger, on its way, later than promised, or nowhere as far as is known. */
export type Plight = 'stands' | 'waiting' | 'late' | 'missing';

export const assemblies = async () => (await get<Page<Assembly>>('/api/v1/assemblies')).items;
export const assembly = (number: string | number) => get<Assembly>(`/api/v1/assemblies/${number}`);
export const standing = (number: number, commitment: string) => get<Taken>(`/api/v1/assemblies/${number}/ballots/${commitment}`);

/** For which lots an answer is given, with which weight, and under which proxy. */
export interface Speaking {
  lots: number[];
  votes: number;
  /** What the ledger knows the proxy by; none for one's own lots. */
  proxy: string | null;
}

const STORED = 'symbiose.ballot.';
const slot = (assembly: Assembly, item: number, proxy: string | null) => `${STORED}${assembly.id}.${item}${proxy ? `.${proxy.slice(0, 16)}` : ''}`;

export const remembered = (assembly: Assembly, item: number, proxy: string | null = null) => stored(slot(assembly, item, proxy));

function stored(name: string): Cast | null {
  const kept = localStorage.getItem(name);
  try {
    return kept ? (JSON.parse(kept) as Cast) : null;
  } catch {
    return null;
  }
}

/** Keeps a ballot. A device without room keeps less of it, and hands it in all the same. */
function remember(name: string, cast: Cast): void {
  for (const part of [cast, { ...cast, signed: undefined }]) {
    try {
      localStorage.setItem(name, JSON.stringify(part));
      return thin();
    } catch {
      // The next one is smaller.
    }
  }
}

/** Forgets what was signed of all but the newest ballots. */
function thin(): void {
  const names = Array.from({ length: localStorage.length }, (_, at) => localStorage.key(at) ?? '').filter((name) => name.startsWith(STORED));
  const whole = names.flatMap((name) => {
    const cast = stored(name);
    return cast?.signed ? [{ name, cast }] : [];
  });
  whole.sort((a, b) => b.cast.at - a.cast.at);
  for (const { name, cast } of whole.slice(SIGNED_KEPT_MAX)) localStorage.setItem(name, JSON.stringify({ ...cast, signed: undefined }));
}

/** How a ballot stands. `known` is what the node says: `null` where it does not know the ballot, nothing where it does not answer. */
export function plight(cast: Cast, known: Taken | null | undefined, height: number): Plight {
  if (known?.height != null) return 'stands';
  if (known) return height >= known.by ? 'late' : 'waiting';
  return known === null || (cast.signed && !cast.promise) ? 'missing' : 'waiting';
}

/** Whether all that a rule compares is nought, as in `3 × 0 ≥ 2 × 0`: nobody learns anything from it. */
export const saysNothing = (arithmetic: string) => [...arithmetic.matchAll(/(\d+)(?: × (\d+))?/g)].every(([, a, b]) => Number(a) * Number(b ?? 1) === 0);

/** The bytes of a signed ballot, and what the ledger knows it by. */
export function ballot(assembly: Assembly, resolution: Resolution, own: Own, speaking: Speaking, choice: Choice, sequence: number): { signed: Uint8Array; commitment: string } {
  const lots = [...speaking.lots].sort((a, b) => a - b);
  const body: Item = [bytes(assembly.id ?? ''), resolution.item, bytes(resolution.hash), bytes(own.key), lots, BigInt(speaking.votes), choice, sequence, speaking.proxy === null ? null : bytes(speaking.proxy), salt()];
  const signed = encode([body, sign(own, 'ballot', assembly.chain, encode(body))]);
  return { signed, commitment: hex(digest('symbiose ballot v1', signed)) };
}

/**
 * Signs and hands in; a later ballot counts instead of an earlier one. What was signed is kept before it leaves, so that
 * no lost answer loses it. Where the node does not answer there is no promise yet; where it refuses, nothing has changed.
 */
export async function cast(assembly: Assembly, resolution: Resolution, own: Own, speaking: Speaking, choice: Choice): Promise<Cast> {
  const name = slot(assembly, resolution.item, speaking.proxy);
  const before = stored(name);
  const sequence = Math.max(Date.now(), (before?.sequence ?? 0) + 1);
  const { signed, commitment } = ballot(assembly, resolution, own, speaking, choice, sequence);
  const kept: Cast = { choice, commitment, sequence, at: Date.now(), signed: hex(signed) };
  remember(name, kept);
  try {
    return await handIn(assembly, name, kept);
  } catch (error) {
    const isRefused = error instanceof Failure && error.status >= 400 && error.status < 500;
    if (!isRefused) return kept;
    if (before) remember(name, before);
    else localStorage.removeItem(name);
    throw error;
  }
}

/** Hands in once more what was signed here. It is the same ballot: where it was taken before, nothing changes. */
export async function handAgain(assembly: Assembly, item: number, proxy: string | null = null): Promise<Cast> {
  const name = slot(assembly, item, proxy);
  const kept = stored(name);
  if (!kept?.signed) throw new Failure(0, 'missing', 'what was signed is not kept here');
  return handIn(assembly, name, kept);
}

async function handIn(assembly: Assembly, name: string, kept: Cast): Promise<Cast> {
  const taken = await ask<Taken>('POST', `/api/v1/assemblies/${assembly.number}/ballots`, { ballot: kept.signed });
  if (taken.commitment !== kept.commitment) throw new Failure(0, 'altered', 'the node answered for another ballot');
  const promised = { ...kept, promise: taken.promise };
  remember(name, promised);
  return promised;
}

/** It is decided: what was signed is of no use any more. */
export function decided(assembly: Assembly, item: number, proxy: string | null = null): void {
  const [name, kept] = [slot(assembly, item, proxy), remembered(assembly, item, proxy)];
  if (assembly.stage === 'concluded' && kept?.signed) remember(name, { ...kept, signed: undefined });
}

/** Whether a final transaction holds a commitment, by the authorities this device pinned. Answers the height. */
export async function check(taken: Taken, vote: string): Promise<bigint | null> {
  if (!taken.transaction) return null;
  const pinned = JSON.parse(localStorage.getItem('symbiose.authorities') ?? 'null') as { keys: string[] } | null;
  const proof = await get<Proof>(`/api/v1/ledger/transactions/${taken.transaction}/proof`);
  const checked = verify(taken.transaction, proof, pinned?.keys ?? []);
  return !checked.broken && brings(bytes(proof.leaf), vote, taken.commitment) ? checked.height : null;
}

/** Whether a transaction brings a commitment for a vote. */
export function brings(leaf: Uint8Array, vote: string, commitment: string): boolean {
  try {
    const [body] = decode(leaf) as unknown[];
    const payload = (body as unknown[])[3] as Map<string, Map<string, [Uint8Array, Uint8Array[] | Uint8Array]>>;
    const action = payload.get('Assembly');
    const found = action?.get('Commit') ?? action?.get('EnterPaper');
    if (!found || hex(found[0]) !== vote) return false;
    const brought = found[1] instanceof Uint8Array ? [found[1]] : found[1];
    return brought.some((one) => hex(one) === commitment);
  } catch {
    return false;
  }
}

/** Signs the results as chair or syndic, part by part. */
export const signResults = (assembly: Assembly, own: Own) =>
  ask<Assembly>('POST', `/api/v1/assemblies/${assembly.number}/results`, {
    signatures: assembly.conclusions.map((part) => hex(sign(own, 'conclusion', assembly.chain, bytes(part)))),
  });
