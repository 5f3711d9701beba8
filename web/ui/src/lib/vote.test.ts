import { expect, test } from 'vitest';
import { bytes, encode, hex } from './cbor';
import { codeKey, digest } from './resident';
import { ballot, brings, saysNothing, type Assembly, type Resolution } from './vote';
import { decode } from './slotproof';
import { verifyStrict } from './strict';
import { message } from './resident';

const own = codeKey('TEST');
const assembly = { id: '12'.repeat(32), chain: '07'.repeat(32), number: 1 } as Assembly;
const resolution = { item: 1, hash: 'cd'.repeat(32) } as Resolution;
const speaking = { lots: [300, 2], votes: 350, proxy: null };

test('a ballot names assembly, text, key, lots in order and their weight, and is signed for this purpose only', () => {
  const { signed, commitment } = ballot(assembly, resolution, own, speaking, 'Against', 7);
  const [body, signature] = decode(signed) as [unknown[], Uint8Array];
  const [id, item, hash, voter, lots, votes, choice, sequence, proxy, salt] = body as [Uint8Array, bigint, Uint8Array, Uint8Array, bigint[], bigint, string, bigint, null, Uint8Array];
  expect([hex(id), item, hex(hash), hex(voter)]).toEqual([assembly.id, 1n, resolution.hash, own.key]);
  expect([lots, votes, choice, sequence, proxy, salt.length]).toEqual([[2n, 300n], 350n, 'Against', 7n, null, 16]);
  const canonical = signed.slice(1, signed.length - 66);
  expect(verifyStrict(signature, message('ballot', assembly.chain, canonical), bytes(own.key))).toBe(true);
  expect(verifyStrict(signature, message('proxy', assembly.chain, canonical), bytes(own.key))).toBe(false);
  expect(verifyStrict(signature, message('ballot', '08'.repeat(32), canonical), bytes(own.key))).toBe(false);
  expect(commitment).toBe(hex(digest('symbiose ballot v1', signed)));
});

test('a holder speaks for the lots of a proxy and names it', () => {
  const given = 'ab'.repeat(32);
  const [body] = decode(ballot(assembly, resolution, own, { lots: [5], votes: 40, proxy: given }, 'For', 8).signed) as [unknown[]];
  expect([body[4], body[5], hex(body[8] as Uint8Array)]).toEqual([[5n], 40n, given]);
});

test('a transaction brings what stands in it and nothing else', () => {
  const commit = (vote: string, ...all: string[]) =>
    encode([[bytes(own.key), 1, 9, { variant: 'Assembly', of: { variant: 'Commit', of: [bytes(vote), all.map(bytes)] } }], new Uint8Array(64)]);
  const [mine, other] = ['ab'.repeat(32), 'ba'.repeat(32)];
  expect(brings(commit('12'.repeat(32), other, mine), '12'.repeat(32), mine)).toBe(true);
  expect(brings(commit('12'.repeat(32), other), '12'.repeat(32), mine)).toBe(false);
  expect(brings(commit('13'.repeat(32), mine), '12'.repeat(32), mine)).toBe(false);
  expect(brings(Uint8Array.of(1, 2), '12'.repeat(32), mine)).toBe(false);
});

test('a rule whose figures are all nought says nothing', () => {
  expect(['3 × 0 ≥ 2 × 0', '0 > 0', '2 × 0 ≥ 0 and 3 × 0 ≥ 2 × 0'].map(saysNothing)).toEqual([true, true, true]);
  expect(['2 × 0 > 1000', '3 × 612 ≥ 2 × 900', '2 × 1 > 4 and 3 × 0 ≥ 2 × 0'].map(saysNothing)).toEqual([false, false, false]);
});
