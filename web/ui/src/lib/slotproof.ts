// Checks one settled slot here, in the browser: that both settlement authorities' result is on the ledger, that this
// building's line stands under the root they signed, and that what is paid follows from energy and price. The same steps
// as `ledger::energy::LineProof` on the node, written again in another language.

import { blake3 } from '@noble/hashes/blake3.js';
import type { components } from '../api';
import type { Proof } from './api';
import { rootOf, verify } from './verify';

type SlotProof = components['schemas']['ResultProof'];

/** What is checked, in this order. */
export const STEPS = ['ledger', 'result', 'line', 'energy', 'payment', 'tariff'] as const;
export type Step = (typeof STEPS)[number];

export interface Verdict {
  /** Steps that hold. The last one is not among them where no decision was given to check the fee against. */
  held: Step[];
  broken?: Step;
}

/** The transaction that proposed the tariff, with its own proof. Approvals are counted by the state, for which there is no
 * proof: that it was carried out and not replaced is the node's word. */
export interface TariffDecision {
  transaction: string;
  onLedger: Proof;
  /** How near members are, which chooses among the fees. */
  nearness: Nearness;
}

type Nearness = components['schemas']['Nearness'];
const NEARNESS: readonly Nearness[] = ['building', 'cabin', 'substation', 'region'];

/** Rounding of what is paid in proportion moves at most this much, micro-EUR. */
const ROUNDING = 2n;

/** What the ledger says of a slot (`protocol::energy::SlotResult`). */
interface Result {
  slot: bigint;
  version: bigint;
  traded: bigint;
  given: bigint;
  price: bigint | null;
  lines: Uint8Array;
}

export function verifySlot(proof: SlotProof, transaction: string, onLedger: Proof, keys: readonly string[], tariff?: TariffDecision): Verdict {
  const held: Step[] = [];
  try {
    for (const step of STEPS) {
      if (step === 'tariff' && !tariff) break;
      if (!holds(step, proof, transaction, onLedger, keys, tariff)) return { held, broken: step };
      held.push(step);
    }
    return { held };
  } catch {
    // Bytes that do not even have the form: the step they belong to does not hold.
    return { held, broken: STEPS[held.length] ?? 'payment' };
  }
}

function holds(step: Step, proof: SlotProof, transaction: string, onLedger: Proof, keys: readonly string[], tariff?: TariffDecision): boolean {
  const { result, index, size, path } = proof;
  const own = result.own;
  if (!own) return false;
  switch (step) {
    case 'ledger':
      return !verify(transaction, onLedger, keys).broken;
    case 'result': {
      const found = resultOf(bytes(onLedger.leaf));
      return found.slot === BigInt(result.id) && found.version === BigInt(result.version) && found.price === (result.price == null ? null : BigInt(result.price));
    }
    case 'line': {
      const root = rootOf(lineHash(proof), BigInt(index), BigInt(size), path.map(bytes));
      return root !== undefined && same(root, resultOf(bytes(onLedger.leaf)).lines);
    }
    case 'energy':
      return own.bought_wh <= own.demand_wh && own.sold_wh <= own.surplus_wh && (own.demand_wh === 0 || own.surplus_wh === 0) && Math.max(own.bought_wh, own.sold_wh) <= result.traded_wh;
    case 'payment': {
      const { price, given } = resultOf(bytes(onLedger.leaf));
      const worth = (wh: number) => (BigInt(wh) * (price ?? 0n)) / 1000n;
      // Energy that was given costs nothing, so that less may have been paid, never more.
      const near = (paid: number, wh: number) => BigInt(paid) <= worth(wh) + ROUNDING && (given > 0n || BigInt(paid) + ROUNDING >= worth(wh));
      const fee = result.fee == null || BigInt(own.fee) === (BigInt(own.bought_wh) * BigInt(result.fee)) / 1000n;
      return near(own.pay, own.bought_wh) && near(own.revenue, own.sold_wh) && fee;
    }
    case 'tariff': {
      if (!tariff || verify(tariff.transaction, tariff.onLedger, keys).broken) return false;
      return feeFollows(bytes(tariff.onLedger.leaf), result, tariff.nearness);
    }
  }
}

/** `ledger::energy::proof::leaf`: a hash over slot, version, member, salt and seven amounts. */
export function lineHash({ result, member, salt }: SlotProof): Uint8Array {
  const own = result.own;
  if (!own) throw new Error('a line expected');
  const amounts = [own.demand_wh, own.surplus_wh, own.bought_wh, own.sold_wh, own.pay, own.revenue, own.fee].map((amount) => big(BigInt(amount), 8));
  const parts = [big(BigInt(result.id), 8), big(BigInt(result.version), 4), bytes(member), bytes(salt), join(...amounts)];
  const framed = parts.flatMap((part) => [big(BigInt(part.length), 8), part]);
  return blake3(join(...framed), { context: new TextEncoder().encode('symbiose slot line v1') });
}

/** The result inside a transaction that settles a slot. */
export function resultOf(leaf: Uint8Array): Result {
  const [body] = list(decode(leaf), 2);
  const payload = list(body, 4)[3];
  const [settlement] = list(variant(payload, 'Settle'), 2);
  const [slot, version, , , traded, given, , price, lines] = list(variant(settlement, 'Slot'), 10);
  if (!(lines instanceof Uint8Array) || lines.length !== 32) throw new Error('a root expected');
  return { slot: whole(slot), version: whole(version), traded: whole(traded), given: whole(given), price: price === null ? null : whole(price), lines };
}

/** Whether a slot's fee is that of a proposed tariff which begins with it or before. */
export function feeFollows(leaf: Uint8Array, { id, fee }: Pick<SlotProof['result'], 'id' | 'fee'>, nearness: Nearness): boolean {
  const { fees, from } = tariffOf(leaf);
  return from <= BigInt(id) && fee != null && fees[NEARNESS.indexOf(nearness)] === BigInt(fee);
}

/** The fees and first slot inside a transaction that proposes a tariff. */
export function tariffOf(leaf: Uint8Array): { fees: bigint[]; from: bigint } {
  const [body] = list(decode(leaf), 2);
  const action = variant(list(body, 4)[3], 'Propose');
  const [, , fees, from] = list(variant(variant(action, 'Energy'), 'Charge'), 4);
  return { fees: list(fees, 4).map(whole), from: whole(from) };
}

type Item = bigint | string | boolean | null | Uint8Array | Item[] | Map<string, Item>;

function list(item: Item | undefined, length: number): Item[] {
  if (!Array.isArray(item) || item.length !== length) throw new Error(`a list of ${length} expected`);
  return item;
}

function variant(item: Item | undefined, name: string): Item {
  const found = item instanceof Map && item.size === 1 ? item.get(name) : undefined;
  if (found === undefined) throw new Error(`${name} expected`);
  return found;
}

function whole(item: Item | undefined): bigint {
  if (typeof item !== 'bigint') throw new Error('a whole number expected');
  return item;
}

const DEPTH_MAX = 16;

/** CBOR (RFC 8949) as far as the ledger uses it: integers, bytes, text, lists, maps by text, true, false and null. */
export function decode(input: Uint8Array): Item {
  let at = 0;
  const take = (count: number) => {
    if (count > input.length - at) throw new Error('too short');
    at += count;
    return input.subarray(at - count, at);
  };
  const head = (): [number, bigint] => {
    const first = take(1)[0] ?? 0;
    const info = first & 31;
    if (info < 24) return [first >> 5, BigInt(info)];
    const width = { 24: 1, 25: 2, 26: 4, 27: 8 }[info];
    if (!width) throw new Error('no such length');
    return [first >> 5, take(width).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)];
  };
  const item = (depth: number): Item => {
    if (depth > DEPTH_MAX) throw new Error('too deep');
    const [kind, number] = head();
    const count = Number(number);
    if (kind === 0) return number;
    if (kind === 1) return -1n - number;
    if (kind === 2) return take(count).slice();
    if (kind === 3) return new TextDecoder('utf-8', { fatal: true }).decode(take(count));
    if (kind === 4 || kind === 5) {
      if (count > input.length) throw new Error('too many');
      if (kind === 4) return Array.from({ length: count }, () => item(depth + 1));
      const map = new Map<string, Item>();
      for (let i = 0; i < count; i++) {
        const key = item(depth + 1);
        if (typeof key !== 'string') throw new Error('a name expected');
        map.set(key, item(depth + 1));
      }
      return map;
    }
    const simple = { 20: false, 21: true, 22: null }[count];
    if (kind !== 7 || simple === undefined) throw new Error('nothing the ledger writes');
    return simple;
  };
  const found = item(0);
  if (at !== input.length) throw new Error('bytes behind the end');
  return found;
}

function bytes(text: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new Error('hexadecimal digits in pairs expected');
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** Two's complement, as an i64 on the node. */
function big(value: bigint, width: number): Uint8Array {
  const bits = BigInt.asUintN(8 * width, value);
  return Uint8Array.from({ length: width }, (_, i) => Number((bits >> BigInt(8 * (width - 1 - i))) & 255n));
}

function join(...parts: Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (joined.set(part, at), at + part.length), 0);
  return joined;
}

const same = (a: Uint8Array, b: Uint8Array) => a.length === b.length && a.every((byte, i) => byte === b[i]);
