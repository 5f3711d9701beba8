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
}

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

const slot = (assembly: Assembly, item: number, proxy: string | null) => `symbiose.ballot.${assembly.id}.${item}${proxy ? `.${proxy.slice(0, 16)}` : ''}`;

export function remembered(assembly: Assembly, item: number, proxy: string | null = null): Cast | null {
  const kept = localStorage.getItem(slot(assembly, item, proxy));
  try {
    return kept ? (JSON.parse(kept) as Cast) : null;
  } catch {
    return null;
  }
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

/** Signs and hands in; a later ballot counts instead of an earlier one. */
export async function cast(assembly: Assembly, resolution: Resolution, own: Own, speaking: Speaking, choice: Choice): Promise<Cast> {
  const sequence = Math.max(Date.now(), (remembered(assembly, resolution.item, speaking.proxy)?.sequence ?? 0) + 1);
  const { signed, commitment } = ballot(assembly, resolution, own, speaking, choice, sequence);
  const taken = await ask<Taken>('POST', `/api/v1/assemblies/${assembly.number}/ballots`, { ballot: hex(signed) });
  if (taken.commitment !== commitment) throw new Failure(0, 'altered', 'the node answered for another ballot');
  const kept = { choice, commitment, sequence, at: Date.now() };
  localStorage.setItem(slot(assembly, resolution.item, speaking.proxy), JSON.stringify(kept));
  return kept;
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
