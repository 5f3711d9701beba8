import { expect, test } from 'vitest';
import * as ed from '@noble/ed25519';
import { bytes, encode, hex } from './cbor';
import { codeKey, digest, message, type Own } from './resident';
import { countersign, paper, proxy } from './room';
import { decode } from './slotproof';
import { verifyStrict } from './strict';
import type { Assembly, Resolution } from './vote';

const own = codeKey('TEST');
const [syndic, assessor] = [codeKey('SYNDIC').key, codeKey('ASSESSOR').key];
const assembly = { id: '12'.repeat(32), chain: '07'.repeat(32), number: 1, counters: [own.key, syndic, assessor] } as unknown as Assembly;
const item = (number: number) => ({ item: number, hash: 'cd'.repeat(32) }) as Resolution;

test('a proxy names assembly, key, lots in order and holder, and is signed for this purpose only', () => {
  const { signed, commitment } = proxy(assembly, own, { give: { lots: [9, 2], holder: 4, items: [], coversSecond: true } });
  const [body, signature] = decode(signed) as [unknown[], Uint8Array];
  const [id, key, act, salt] = body as [Uint8Array, Uint8Array, Map<string, unknown>, Uint8Array];
  expect([hex(id), hex(key), salt.length]).toEqual([assembly.id, own.key, 16]);
  expect(act.get('Give')).toEqual([[2n, 9n], 4n, [], true]);
  const canonical = signed.slice(1, signed.length - 66);
  expect(verifyStrict(signature, message('proxy', assembly.chain, canonical), bytes(own.key))).toBe(true);
  expect(verifyStrict(signature, message('ballot', assembly.chain, canonical), bytes(own.key))).toBe(false);
  expect(commitment).toBe(hex(digest('symbiose proxy v1', signed)));
});

test('what takes a proxy back names it', () => {
  const given = 'ab'.repeat(32);
  const [body] = decode(proxy(assembly, own, { takeBack: given }).signed) as [unknown[]];
  expect(hex((body[2] as Map<string, Uint8Array>).get('TakeBack') ?? new Uint8Array())).toBe(given);
});

test('a sheet names who signed it, what it says, its scan and the keys of both', () => {
  const says = (one: unknown) => (decode(paper(assembly, one as never, 7)) as unknown[])[2] as Map<string, unknown[]>;
  const on = { person: 3, lots: [5, 1], scan: 'ef'.repeat(32) };
  const whole = decode(paper(assembly, { ...on, says: { kind: 'ballot', item: item(2), choice: 'Blank' } }, 7)) as unknown[];
  expect([whole[1], whole[4], hex(whole[5] as Uint8Array), hex(whole[6] as Uint8Array)]).toEqual([3n, 7n, syndic, assessor]);
  expect((whole[2] as Map<string, unknown[]>).get('Ballot')).toEqual([[1n, 5n], [2n, bytes('cd'.repeat(32)), 'Blank'], null]);
  const postal = says({ ...on, says: { kind: 'postal', received: '1970-01-11', answers: [{ item: item(2), choice: 'For' }, { item: item(1), choice: 'Against' }] } }).get('Postal');
  expect([postal?.[1], (postal?.[2] as unknown[][]).map((answer) => answer[0])]).toEqual([10n, [1n, 2n]]);
  const given = says({ ...on, says: { kind: 'proxy', holder: 8, coversSecond: false, notarial: true } }).get('Proxy');
  expect(given).toEqual([[[1n, 5n], 8n, [], false], true]);
});

test('a signature under a sheet is the one that the ledger checks: the figures of the node\'s own test', () => {
  const of = (seed: number): Own => {
    const secret = new Uint8Array(32).fill(seed);
    return { secret, key: hex(ed.getPublicKey(secret)) };
  };
  const held = { id: '12'.repeat(32), chain: '01'.repeat(32), counters: [of(3).key, of(1).key, of(2).key] };
  const body = paper(held, { person: 3, lots: [5, 1], scan: 'ef'.repeat(32), says: { kind: 'ballot', item: item(2), choice: 'Blank' } }, 7);
  body.fill(9, body.length - 16);
  const { commitment, signature } = countersign(held, of(1), body);
  expect(commitment).toBe('1f025b983420bd91751c4d1e2c3b1130856a72a55d1fb284626dfc36807839eb');
  expect(signature).toBe('8fbdf1c6b3373a64d97caafddf0c91c10573246bd459f6bcfe441bd51d78ca6da2ad298e115f01d90bbae57521f89a2e3d067e5fd26a2a8d8d9bebfffb66050d');
  const signed = encode([bytes(held.id), bytes(commitment)]);
  expect(verifyStrict(bytes(signature), message('paper-entry', held.chain, signed), bytes(of(1).key))).toBe(true);
});
