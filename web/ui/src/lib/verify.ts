// Checks a transaction's proof here, in the browser: the same steps as `ledger::light` on the node, written again in
// another language, so that neither has to be believed. It asks nobody and knows no node.

import { blake3 } from '@noble/hashes/blake3.js';
import type { Proof } from './api';
import { verifyStrict } from './strict';

/** What was checked, in this order. */
export const STEPS = ['transaction', 'path', 'header', 'authorities', 'certificate'] as const;
export type Step = (typeof STEPS)[number];

export interface Checked {
  /** Steps that hold; all five of them, or those before the one that does not. */
  held: Step[];
  /** The step that does not hold. */
  broken?: Step;
  height: bigint;
  signatures: number;
  quorum: number;
  authorities: number;
}

/** The fields of a header that a proof needs (`protocol::BlockHeader`). */
interface Header {
  chain: Uint8Array;
  height: bigint;
  logRoot: Uint8Array;
  logSize: bigint;
  authorities: Uint8Array;
}

const FIELDS = 11;
const SIZE_MAX = 1n << 48n;

export function verify(id: string, proof: Proof, keys: readonly string[]): Checked {
  const checked: Checked = { held: [], height: 0n, signatures: 0, quorum: 0, authorities: keys.length };
  try {
    for (const step of STEPS) {
      if (!holds(step, id, proof, keys, checked)) return { ...checked, broken: step };
      checked.held.push(step);
    }
  } catch {
    // Bytes that do not even have the form: the step they belong to does not hold.
    checked.broken = STEPS[checked.held.length];
  }
  return checked;
}

function holds(step: Step, id: string, proof: Proof, keys: readonly string[], checked: Checked): boolean {
  const leaf = () => blake3(bytes(proof.leaf));
  const headerBytes = () => bytes(proof.header);
  switch (step) {
    case 'transaction':
      return same(leaf(), bytes(id)) && id === proof.id;
    case 'path': {
      const header = readHeader(headerBytes());
      const root = rootOf(leaf(), BigInt(proof.leaf_index), header.logSize, proof.path.map(bytes));
      return root !== undefined && same(root, header.logRoot);
    }
    case 'header': {
      const { height } = readHeader(headerBytes());
      checked.height = height;
      return same(blake3(headerBytes()), bytes(proof.certificate.block)) && height === BigInt(proof.certificate.height);
    }
    case 'authorities':
      return same(authoritiesHash(keys), readHeader(headerBytes()).authorities);
    case 'certificate': {
      const { chain } = readHeader(headerBytes());
      checked.signatures = countSignatures(chain, proof.certificate, keys);
      checked.quorum = Math.floor((keys.length * 2) / 3) + 1;
      return checked.signatures >= checked.quorum && checked.signatures === proof.certificate.signatures.length;
    }
  }
}

/** RFC 9162 §2.1.3.2 over blake3: the root that a leaf and the hashes beside its path lead to. */
export function rootOf(leaf: Uint8Array, index: bigint, size: bigint, path: Uint8Array[]): Uint8Array | undefined {
  if (index >= size || size > SIZE_MAX) return undefined;
  let [at, last, root] = [index, size - 1n, blake3(join(Uint8Array.of(0), leaf))];
  for (const beside of path) {
    if (last === 0n) return undefined;
    if (at & 1n || at === last) {
      root = blake3(join(Uint8Array.of(1), beside, root));
      while (!(at & 1n) && at !== 0n) [at, last] = [at >> 1n, last >> 1n];
    } else {
      root = blake3(join(Uint8Array.of(1), root, beside));
    }
    [at, last] = [at >> 1n, last >> 1n];
  }
  return last === 0n ? root : undefined;
}

/** `AuthoritySet::hash`: the keys in order of address, each behind its length. */
export function authoritiesHash(keys: readonly string[]): Uint8Array {
  const sorted = keys.map(bytes).sort((a, b) => compare(addressOf(a), addressOf(b)));
  const parts = sorted.flatMap((key) => [big(BigInt(key.length), 8), key]);
  return blake3(join(...parts), { context: new TextEncoder().encode('symbiose authority set v1') });
}

function countSignatures(chain: Uint8Array, certificate: Proof['certificate'], keys: readonly string[]): number {
  const known = new Map(keys.map((key) => [hex(addressOf(bytes(key))), bytes(key)]));
  const signers = new Set<string>();
  for (const { authority, signature } of certificate.signatures) {
    const key = known.get(authority);
    if (!key || signers.has(authority)) return 0;
    const vote = join(
      Uint8Array.of(2),
      big(BigInt(certificate.height), 8),
      big(BigInt(certificate.round), 4),
      Uint8Array.of(1),
      bytes(certificate.block),
      bytes(authority),
    );
    const signed = join(new TextEncoder().encode('symbiose/vote/v1'), Uint8Array.of(0), chain, vote);
    if (!verifyStrict(bytes(signature), signed, key)) return 0;
    signers.add(authority);
  }
  return signers.size;
}

const addressOf = (key: Uint8Array) => blake3(key).slice(0, 20);

function readHeader(header: Uint8Array): Header {
  const fields = readArray(header);
  const [chain, height, , , , , logRoot, logSize, authorities] = fields;
  if (fields.length !== FIELDS) throw new Error(`${FIELDS} fields expected, ${fields.length} found`);
  return {
    chain: octets(chain, 32),
    height: whole(height),
    logRoot: octets(logRoot, 32),
    logSize: whole(logSize),
    authorities: octets(authorities, 32),
  };
}

type Item = bigint | Uint8Array;

function octets(item: Item | undefined, length: number): Uint8Array {
  if (!(item instanceof Uint8Array) || item.length !== length) throw new Error(`${length} bytes expected`);
  return item;
}

function whole(item: Item | undefined): bigint {
  if (typeof item !== 'bigint' || item < 0n) throw new Error('a whole number expected');
  return item;
}

/** A CBOR array (RFC 8949) of integers and byte strings, and nothing behind it. */
function readArray(input: Uint8Array): Item[] {
  let at = 0;
  const head = (): [number, bigint] => {
    const first = input[at++];
    if (first === undefined) throw new Error('too short');
    const info = first & 31;
    if (info < 24) return [first >> 5, BigInt(info)];
    const width = { 24: 1, 25: 2, 26: 4, 27: 8 }[info];
    if (!width || at + width > input.length) throw new Error('no such length');
    const number = input.slice(at, at + width).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    at += width;
    return [first >> 5, number];
  };
  const [kind, count] = head();
  if (kind !== 4 || count > 64n) throw new Error('an array expected');
  const items: Item[] = [];
  for (let i = 0n; i < count; i++) {
    const [type, number] = head();
    if (type === 0) items.push(number);
    else if (type === 1) items.push(-1n - number);
    else if (type === 2 && number <= BigInt(input.length - at)) {
      items.push(input.slice(at, at + Number(number)));
      at += Number(number);
    } else throw new Error('an integer or bytes expected');
  }
  if (at !== input.length) throw new Error('bytes behind the end');
  return items;
}

function bytes(text: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new Error('hexadecimal digits in pairs expected');
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

const hex = (octets: Uint8Array) => Array.from(octets, (byte) => byte.toString(16).padStart(2, '0')).join('');

function big(value: bigint, width: number): Uint8Array {
  return Uint8Array.from({ length: width }, (_, i) => Number((value >> BigInt(8 * (width - 1 - i))) & 255n));
}

function join(...parts: Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (joined.set(part, at), at + part.length), 0);
  return joined;
}

const same = (a: Uint8Array, b: Uint8Array) => compare(a, b) === 0;

function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = (a[i] ?? 0) - (b[i] ?? 0);
    if (order) return order;
  }
  return a.length - b.length;
}
