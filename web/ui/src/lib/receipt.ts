// A ballot's receipt, as a file that stands alone: put together here from the proof that was checked here, and read again
// on any device, also on another building's page. The same as `protocol::assembly::Receipt` and `ledger::light` on the
// node, written again in another language.

import { blake3 } from '@noble/hashes/blake3.js';
import type { components } from '../api';
import { ask, get, type Proof } from './api';
import { bytes, encode, hex, join, type Item } from './cbor';
import { message } from './resident';
import { decode } from './slotproof';
import { verifyStrict } from './strict';
import { verify, type Step } from './verify';
import { brings, type Taken } from './vote';

type Schemas = components['schemas'];
export type Found = Schemas['FoundView'];
export type FoundBallot = Schemas['FoundBallot'];
export type Promised = Schemas['PromiseView'];
export type Watched = Schemas['WatchedView'];

const RECEIPT_BYTES_MAX = 4096;
const CONSONANTS = 'bdfghjklmnprstvz';
const VOWELS = 'aiou';
const SHORT = 'bflmnrsv';
/** Hex digits that eight words stand for. */
const DIGITS = 22;

/** What a receipt says. */
export interface Receipt {
  vote: string;
  commitment: string;
  proof: Proof;
  promise: Uint8Array | null;
}

/** What of a receipt holds. */
export interface Verdict {
  vote: string;
  commitment: string;
  height: bigint;
  /** Whether it stood as early as the node promised; none where it carries no promise, or this block does not show it. */
  kept: boolean | null;
  /** The first step that does not hold. */
  broken?: Step | 'ballot' | 'promise';
}

/** The file, from what the node answered and this device checked: no more signatures than a quorum. */
export function receipt(taken: Taken, vote: string, proof: Proof, authorities: number): Uint8Array {
  const quorum = Math.floor((authorities * 2) / 3) + 1;
  const { height, round, block, signatures } = proof.certificate;
  const signed: Item = signatures.slice(0, quorum).map(({ authority, signature }) => [bytes(authority), bytes(signature)]);
  const certificate: Item = [height, round, bytes(block), signed];
  const parts = [
    encode(bytes(vote)),
    encode(bytes(taken.commitment)),
    bytes(proof.leaf),
    encode(proof.leaf_index),
    encode(proof.path.map(bytes)),
    bytes(proof.header),
    encode(certificate),
    bytes(taken.promise),
  ];
  return join(Uint8Array.of(0x80 | parts.length), ...parts);
}

/** Reads a receipt. Throws on bytes that are none. */
export function read(file: Uint8Array): Receipt {
  if (file.length > RECEIPT_BYTES_MAX) throw new Error('too long for a receipt');
  const [vote, commitment, leaf, index, path, header, certificate, promise] = items(file, 8);
  const [height, round, block, signatures] = decode(certificate!) as [bigint, bigint, Uint8Array, [Uint8Array, Uint8Array][]];
  const proof: Proof = {
    id: hex(blake3(leaf!)),
    leaf: hex(leaf!),
    leaf_index: Number(decode(index!) as bigint),
    log_size: 0,
    log_root: '',
    path: (decode(path!) as Uint8Array[]).map(hex),
    height: Number(height),
    header: hex(header!),
    certificate: {
      height: Number(height),
      round: Number(round),
      block: hex(block),
      signatures: signatures.map(([authority, signature]) => ({ authority: hex(authority), signature: hex(signature), public_key: '' })),
    },
  };
  const said = promise![0] === 0xf6 ? null : promise!;
  return { vote: hex(decode(vote!) as Uint8Array), commitment: hex(decode(commitment!) as Uint8Array), proof, promise: said };
}

/** Checks a receipt against an authority set. */
export function check({ vote, commitment, proof, promise }: Receipt, keys: readonly string[]): Verdict {
  const checked = verify(proof.id, proof, keys);
  const verdict: Verdict = { vote, commitment, height: checked.height, kept: null };
  if (checked.broken) return { ...verdict, broken: checked.broken };
  if (!brings(bytes(proof.leaf), vote, commitment)) return { ...verdict, broken: 'ballot' };
  if (!promise) return verdict;
  const by = promised(promise, vote, commitment, chainOf(proof));
  if (by === null) return { ...verdict, broken: 'promise' };
  return { ...verdict, kept: checked.height <= by };
}

const chainOf = (proof: Proof) => hex((decode(bytes(proof.header)) as Uint8Array[])[0]!);

/** The last height of a promise, if it is of this ballot and signed. */
function promised(promise: Uint8Array, vote: string, commitment: string, chain: string): bigint | null {
  try {
    const [body, signature] = items(promise, 2);
    const [of, what, , by, node] = decode(body!) as [Uint8Array, Uint8Array, bigint, bigint, Uint8Array];
    const isSigned = verifyStrict(decode(signature!) as Uint8Array, message('promise', chain, body!), node);
    return isSigned && hex(of) === vote && hex(what) === commitment ? by : null;
  } catch {
    return null;
  }
}

/** The parts of a CBOR array, each as its own bytes. */
function items(input: Uint8Array, count: number): Uint8Array[] {
  if (input[0] !== (0x80 | count)) throw new Error(`${count} parts expected`);
  const parts: Uint8Array[] = [];
  let at = 1;
  while (parts.length < count) {
    const end = endOf(input, at);
    parts.push(input.slice(at, end));
    at = end;
  }
  if (at !== input.length) throw new Error('bytes behind the end');
  return parts;
}

/** Where the value that begins here ends. */
function endOf(input: Uint8Array, start: number): number {
  let [at, open] = [start, 1n];
  while (open > 0n) {
    const first = input[at++];
    if (first === undefined) throw new Error('too short');
    const info = first & 31;
    const width = info < 24 ? 0 : { 24: 1, 25: 2, 26: 4, 27: 8 }[info];
    if (width === undefined || at + width > input.length) throw new Error('no such length');
    const number = width === 0 ? BigInt(info) : input.slice(at, at + width).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    at += width;
    open -= 1n;
    const kind = first >> 5;
    if (kind === 2 || kind === 3) at += Number(number);
    else if (kind === 4) open += number;
    else if (kind === 5) open += 2n * number;
    if (at > input.length || open > BigInt(input.length)) throw new Error('too short');
  }
  return at;
}

/** The digits that eight tracker words stand for; none where a word is not one. */
export function digits(words: string): string | null {
  const typed = words.trim().toLowerCase().split(/[\s,-]+/);
  if (typed.length !== 8) return null;
  let bits = 0n;
  for (const word of typed) {
    const places = [CONSONANTS.indexOf(word[0] ?? '?'), VOWELS.indexOf(word[1] ?? '?'), SHORT.indexOf(word[2] ?? '?'), VOWELS.indexOf(word[3] ?? '?')] as const;
    if (word.length !== 4 || places.includes(-1)) return null;
    bits = (bits << 11n) | BigInt((places[0] << 7) | (places[1] << 5) | (places[2] << 2) | places[3]);
  }
  return bits.toString(16).padStart(DIGITS, '0');
}

/** What a resident carries to another building's page when the own one takes nothing: assembly and ballot, no answer. */
export const slip = (vote: string, commitment: string) => `${vote}.${commitment}`;

export function readSlip(text: string): { vote: string; commitment: string } | null {
  const [, vote, commitment] = /^\s*([0-9a-f]{64})\.([0-9a-f]{64})\s*$/.exec(text) ?? [];
  return vote && commitment ? { vote, commitment } : null;
}

export const find = (digits: string) => get<Found>(`/api/v1/receipts/${digits}`);
export const handIn = (vote: string, commitment: string) => ask<Promised>('POST', '/api/v1/receipts/ballots', { vote, commitment });
export const watch = (promise: string) => ask<Watched>('POST', '/api/v1/receipts/promises', { promise });

/** Offers bytes as a file. */
export function save(name: string, file: Uint8Array): void {
  const url = URL.createObjectURL(new Blob([file as BlobPart], { type: 'application/cbor' }));
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
