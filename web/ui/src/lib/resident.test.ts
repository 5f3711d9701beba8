import { expect, test } from 'vitest';
import { encode, hex } from './cbor';
import { codeKey, fromWords, tidyCode, toWords, tracker } from './resident';

const own = codeKey('7K3MP0QX9T2A');

test('canonical bytes are those of the node', () => {
  expect(hex(encode([0, 23, 24, 255, 256, 65536, 4294967296n, -1, null, true, false, 'For', Uint8Array.of(1, 2), { variant: 'Give', of: [[1]] }]))).toBe(
    '8e001718181' + '8ff190100' + '1a00010000' + '1b0000000100000000' + '20f6f5f463466f72420102' + 'a16447697665818101',
  );
});

test('the words of a key lead back to it, and a slip is found', () => {
  const words = toWords(own);
  expect(words).toHaveLength(17);
  expect(fromWords(`  ${words.join(' ').toUpperCase()}\n`)).toEqual(own);
  const slips = words.map((_, at) => words.map((word, i) => (i === at ? `${word.slice(0, 4)}${word[4] === 'b' ? 'd' : 'b'}` : word)));
  for (const slip of slips) expect(fromWords(slip.join(' '))).toBeNull();
  for (const wrong of ['', words.slice(1).join(' '), `${words.slice(1).join(' ')} xxxxx`]) expect(fromWords(wrong)).toBeNull();
});

test('codes are read as people write them', () => {
  expect(tidyCode('7k3m-pOqx 9t2a')).toBe('7K3MP0QX9T2A');
  expect(codeKey('7K3MP0QX9T2A').key).toMatch(/^[0-9a-f]{64}$/);
});

test('a tracker is eight words of 88 bits', () => {
  expect(tracker('00'.repeat(32))).toBe(Array(8).fill('baba').join(' '));
  expect(tracker('ff'.repeat(32))).toBe(Array(8).fill('zuvu').join(' '));
  expect(tracker(`001${'0'.repeat(61)}`)).toBe(`baba maba ${Array(6).fill('baba').join(' ')}`);
});
