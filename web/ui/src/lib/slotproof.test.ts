import { expect, test } from 'vitest';
import type { SlotProof } from './api';
import { decode, feeFollows, lineHash, resultOf, tariffOf } from './slotproof';
import { rootOf } from './verify';

/** As in `tests/golden/protocol.hex`, "Transaction settle slot". */
const LEAF = '828458208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c0c1903efa166536574746c6582a164536c6f748a1a00189c5c021914b419014e19014e14001a000236685820222222222222222222222222222222222222222222222222222222222222222281549c380d6efec2ec39321d87d0424fea838f752a8482825483561adb398fd87f8e7ed8331bff2fcb945733cc584010d6a3d5dd3160b03348559ba7b7c8e6d77717e49451c465246c7c4a41570a6afb40b6e28ac676b71210413c80875d2c36aea68e703cbde703e502742fada20e82541eed29b1654fbca94617004d7969dfc4652b1f3058409bf29ec5e261d08bbdbb904aabd1361ab2846e8f4bb1ddf1ad27a5b6c2dbabe1ac496429ba3d3684db32704eb2caeaaa97c32091b508565eef1ab2ba3fa2b60a584079b7dbb12de039af1968d5a565c325c948ed6d4007eae050b175d5d876bb1d5dd1483a43352b8cb0d57c6bb177c735c39b69aebaf6955d150ba94745e6af770e';

/** As in the same file, "Transaction propose tariff". */
const TARIFF = '828458208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c0c1903efa16750726f706f7365a166456e65726779a166436861726765841a0003d090199c4084001a00014ff01a00017ed01a0001adb01a00189c5c58406124b758ff7a00c1983dd31ea9207eb48753b9a7833cff12375935baca5e25f7be7237196bc496eb71b860813c2138cbb37822ac381a2f28648b3119e86c5b00';

const bytes = (text: string) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (octets: Uint8Array | undefined) => Array.from(octets ?? [], (byte) => byte.toString(16).padStart(2, '0')).join('');

/** The figures of `a_line_hashes_to_what_the_page_computes` in the ledger's tests. */
const proof: SlotProof = {
  result: {
    id: '228',
    start: '1970-01-03T09:00:00Z',
    end: '1970-01-03T09:15:00Z',
    stage: 'provisional',
    version: 1,
    price: 145_000,
    retail: 250_000,
    feed_in: 40_000,
    fee: 0,
    demand_wh: 237,
    surplus_wh: 332,
    traded_wh: 237,
    given_wh: 0,
    missing: [],
    settlers: [],
    height: 1,
    own: { demand_wh: 80, surplus_wh: 0, bought_wh: 80, sold_wh: 0, pay: 11_600, revenue: 0, fee: 0, doubt: null },
  },
  member: '0000000000000001000000000000000000000000',
  salt: '01'.repeat(16),
  index: 1,
  size: 7,
  path: [
    'b159a2632c8027ce150ee3568bbd3d62ee959e8cbd41202170ffc42af19841fa',
    '377a3a707a3077800b32c8333644ee876dd5cac9c1872d45b02db00cd86f74f8',
    '0289160c6ecd737600d4efbcbe618db02a225435d31ac659419de18a58cb306d',
  ],
};
const ROOT = 'e48cbc26e20e4dd166410d6526e1b6308a2d16b911c3c4717fee8a46292d6685';
const rootFor = (one: SlotProof) => hex(rootOf(lineHash(one), BigInt(one.index), BigInt(one.size), one.path.map(bytes)));

test('a line leads to the root that the node works out', () => {
  expect(rootFor(proof)).toBe(ROOT);
});

test('another figure, salt, member, slot or version leads elsewhere', () => {
  const own = proof.result.own!;
  const others: SlotProof[] = [
    { ...proof, result: { ...proof.result, own: { ...own, pay: 11_601 } } },
    { ...proof, result: { ...proof.result, own: { ...own, sold_wh: -1 } } },
    { ...proof, result: { ...proof.result, id: '229' } },
    { ...proof, result: { ...proof.result, version: 2 } },
    { ...proof, salt: '02'.repeat(16) },
    { ...proof, member: '0000000000000002000000000000000000000000' },
    { ...proof, index: 2 },
  ];
  for (const other of others) expect(rootFor(other)).not.toBe(ROOT);
});

test('the result is read out of a transaction of the ledger', () => {
  const result = resultOf(bytes(LEAF));
  expect({ ...result, lines: hex(result.lines).length }).toEqual({ slot: 1_612_892n, version: 2n, traded: 334n, given: 20n, price: 145_000n, lines: 64 });
});

test('bytes that are no such transaction are refused', () => {
  for (let length = 0; length < LEAF.length; length += 2) expect(() => resultOf(bytes(LEAF.slice(0, length)))).toThrow();
  expect(() => resultOf(bytes(`${LEAF}00`))).toThrow();
  for (const wrong of ['9b7fffffffffffffff', 'bb7fffffffffffffff', '5b7fffffffffffffff', 'ff', 'f97e00', '81'.repeat(40), 'a10101']) expect(() => decode(bytes(wrong))).toThrow();
});

test('a fee follows from the tariff that was proposed, and no other does', () => {
  const leaf = bytes(TARIFF);
  expect(tariffOf(leaf)).toEqual({ fees: [0n, 86_000n, 98_000n, 110_000n], from: 1_612_892n });
  const slot = { id: '1612892', fee: 86_000 };
  expect(feeFollows(leaf, slot, 'cabin')).toBe(true);
  expect(feeFollows(leaf, slot, 'region')).toBe(false);
  expect(feeFollows(leaf, { ...slot, fee: 86_001 }, 'cabin')).toBe(false);
  expect(feeFollows(leaf, { ...slot, fee: null }, 'cabin')).toBe(false);
  expect(feeFollows(leaf, { ...slot, id: '1612891' }, 'cabin')).toBe(false);
  expect(() => tariffOf(bytes(LEAF))).toThrow();
  expect(() => resultOf(leaf)).toThrow();
});
