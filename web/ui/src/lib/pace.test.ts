import { expect, test } from 'vitest';
import { secondsPerBlock } from './pace';

const block = (height: number, seconds: number) => ({ height, time: new Date(seconds * 1000).toISOString() });

test('the pace is what lies between two blocks, and unknown where nothing does', () => {
  expect(secondsPerBlock(block(210, 900), block(10, 300))).toBe(3);
  expect(secondsPerBlock(block(2, 61), block(1, 1))).toBe(60);
  expect(secondsPerBlock(block(5, 61), block(5, 61))).toBeNull();
  expect(secondsPerBlock(block(6, 61), block(5, 61))).toBeNull();
});
