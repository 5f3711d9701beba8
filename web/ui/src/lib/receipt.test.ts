import { expect, test } from 'vitest';
import golden from '../../../../tests/golden/receipt.txt?raw';
import { bytes, hex } from './cbor';
import { check, digits, read, readSlip, receipt, slip } from './receipt';
import { tracker } from './resident';
import type { Taken } from './vote';

// The node's own sample, with the keys of its four authorities.
const lines = golden.trim().split('\n');
const field = (name: string) => lines.filter((line) => line.startsWith(`${name} = `)).map((line) => line.slice(name.length + 3));
const file = bytes(field('receipt')[0] ?? '');
const keys = field('authority');

test('a receipt of the node holds here, with its promise', () => {
  const verdict = check(read(file), keys);
  expect(verdict).toEqual({ vote: field('vote')[0], commitment: field('commitment')[0], height: BigInt(field('height')[0] ?? 0), kept: true });
});

test('a receipt put together here is the same, byte for byte', () => {
  const { vote, commitment, proof, promise } = read(file);
  const taken = { commitment, promise: hex(promise ?? Uint8Array.of()) } as Taken;
  expect(hex(receipt(taken, vote, proof, keys.length))).toBe(hex(file));
});

test('every altered byte is seen, or the receipt does not read', () => {
  for (let at = 0; at < file.length; at += 3) {
    const altered = file.slice();
    altered[at] = (altered[at] ?? 0) ^ 1;
    let holds = false;
    try {
      const verdict = check(read(altered), keys);
      holds = !verdict.broken && verdict.vote === field('vote')[0] && verdict.commitment === field('commitment')[0];
    } catch {
      holds = false;
    }
    expect(holds, `byte ${at}`).toBe(false);
  }
});

test('another authority set, a shorter or a longer file: nothing holds', () => {
  expect(check(read(file), keys.slice(1)).broken).toBe('authorities');
  expect(() => read(file.slice(0, -1))).toThrow();
  expect(() => read(Uint8Array.of(...file, 0))).toThrow();
  expect(() => read(new Uint8Array(5_000))).toThrow();
  expect(() => read(Uint8Array.of(0x88, 0x9b, 255, 255, 255, 255, 255, 255, 255, 255))).toThrow();
});

test('the words lead back to the ballot', () => {
  const commitment = field('commitment')[0] ?? '';
  expect(tracker(commitment)).toBe(field('tracker')[0]);
  expect(digits(`  ${tracker(commitment).toUpperCase()} `)).toBe(commitment.slice(0, 22));
  expect(digits('rilu vafo disi')).toBeNull();
  expect(digits(tracker(commitment).replace('rilu', 'xilu'))).toBeNull();
});

test('a slip says assembly and ballot', () => {
  const [vote, commitment] = [field('vote')[0] ?? '', field('commitment')[0] ?? ''];
  expect(readSlip(slip(vote, commitment))).toEqual({ vote, commitment });
  expect(readSlip(`${vote} ${commitment}`)).toBeNull();
});
