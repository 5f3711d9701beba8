import { beforeEach, expect, test, vi } from 'vitest';
import { bytes, encode, hex } from './cbor';
import { codeKey, digest } from './resident';
import { ballot, brings, cast, decided, handAgain, plight, remembered, saysNothing, SIGNED_KEPT_MAX, type Assembly, type Resolution, type Taken } from './vote';
import { decode } from './slotproof';
import { verifyStrict } from './strict';
import { message } from './resident';

const own = codeKey('TEST');
const assembly = { id: '12'.repeat(32), chain: '07'.repeat(32), number: 1 } as Assembly;
const resolution = { item: 1, hash: 'cd'.repeat(32) } as Resolution;
const speaking = { lots: [300, 2], votes: 350, proxy: null };

const stored = new Map<string, string>();
let room = Infinity;
vi.stubGlobal('localStorage', {
  get length() {
    return stored.size;
  },
  key: (at: number) => [...stored.keys()][at] ?? null,
  getItem: (name: string) => stored.get(name) ?? null,
  setItem: (name: string, text: string) => {
    if (text.length > room) throw new Error('no room');
    stored.set(name, text);
  },
  removeItem: (name: string) => void stored.delete(name),
});

/** A node that keeps what it takes under its commitment, or is away, or refuses. */
let node: 'takes' | 'away' | 'refuses' | 'alters' = 'takes';
const handed: string[] = [];
vi.stubGlobal('fetch', async (_: string, { body }: { body: string }) => {
  if (node === 'away') throw new TypeError('no network');
  if (node === 'refuses') return Response.json({ kind: 'conflict', detail: 'closed' }, { status: 409 });
  const signed = (JSON.parse(body) as { ballot: string }).ballot;
  handed.push(signed);
  const commitment = node === 'alters' ? '00'.repeat(32) : hex(digest('symbiose ballot v1', bytes(signed)));
  return Response.json({ commitment, at: '', by: 30, promise: 'aa' });
});

beforeEach(() => {
  stored.clear();
  handed.length = 0;
  [node, room] = ['takes', Infinity];
});

test('a ballot that the node did not answer for is kept as it was signed and handed in again, the same', async () => {
  node = 'away';
  const kept = await cast(assembly, resolution, own, speaking, 'For');
  expect([kept.promise, handed.length]).toEqual([undefined, 0]);
  expect(remembered(assembly, 1)).toEqual(kept);
  expect(plight(kept, undefined, 20)).toBe('missing');
  await expect(handAgain(assembly, 1)).rejects.toThrow();
  expect(remembered(assembly, 1)).toEqual(kept);
  node = 'takes';
  const promised = await handAgain(assembly, 1);
  expect(handed).toEqual([kept.signed]);
  expect([promised.commitment, promised.promise]).toEqual([kept.commitment, 'aa']);
  expect(plight(promised, undefined, 20)).toBe('waiting');
  await handAgain(assembly, 1);
  expect(handed).toEqual([kept.signed, kept.signed]);
});

test('a node that answers for another ballot has not promised this one', async () => {
  node = 'alters';
  const kept = await cast(assembly, resolution, own, speaking, 'For');
  expect(plight(kept, undefined, 20)).toBe('missing');
  expect(remembered(assembly, 1)?.signed).toBe(kept.signed);
});

test('what the node refuses leaves the ballot before it as it was', async () => {
  const first = await cast(assembly, resolution, own, speaking, 'For');
  node = 'refuses';
  await expect(cast(assembly, resolution, own, speaking, 'Against')).rejects.toThrow();
  expect(remembered(assembly, 1)).toEqual(first);
  await expect(cast(assembly, { ...resolution, item: 2 }, own, speaking, 'Against')).rejects.toThrow();
  expect(remembered(assembly, 2)).toBeNull();
});

test('late and missing ballots are told from those on their way by the height alone', async () => {
  const kept = await cast(assembly, resolution, own, speaking, 'For');
  const taken = (height: number | null) => ({ by: 30, height }) as Taken;
  expect([29, 30, 31].map((height) => plight(kept, taken(null), height))).toEqual(['waiting', 'late', 'late']);
  expect(plight(kept, taken(29), 99)).toBe('stands');
  expect([plight(kept, null, 20), plight(kept, undefined, 20)]).toEqual(['missing', 'waiting']);
  const before = { choice: 'For', commitment: kept.commitment, sequence: 1, at: 1 } as const;
  expect(plight(before, undefined, 20)).toBe('waiting');
  expect(plight(before, null, 20)).toBe('missing');
});

test('only the newest ballots keep what was signed, none what is decided, and one without room is cast all the same', async () => {
  const items = Array.from({ length: SIGNED_KEPT_MAX + 3 }, (_, at) => at + 1);
  vi.useFakeTimers({ now: 1_000 });
  for (const item of items) {
    vi.advanceTimersByTime(1);
    await cast(assembly, { ...resolution, item }, own, speaking, 'For');
  }
  vi.useRealTimers();
  const whole = items.filter((item) => remembered(assembly, item)?.signed);
  expect(whole).toEqual(items.slice(3));
  expect(remembered(assembly, 1)?.choice).toBe('For');
  await expect(handAgain(assembly, 1)).rejects.toThrow('not kept');

  decided({ ...assembly, stage: 'open' } as Assembly, 9);
  expect(remembered(assembly, 9)?.signed).toBeDefined();
  decided({ ...assembly, stage: 'concluded' } as Assembly, 9);
  expect(remembered(assembly, 9)).toMatchObject({ choice: 'For', promise: 'aa' });
  expect(remembered(assembly, 9)?.signed).toBeUndefined();

  room = 300;
  const small = await cast(assembly, { ...resolution, item: 99 }, own, speaking, 'Against');
  expect(handed.at(-1)).toBe(small.signed);
  expect(remembered(assembly, 99)).toMatchObject({ choice: 'Against', commitment: small.commitment });
});

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
