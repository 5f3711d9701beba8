import { expect, test } from 'vitest';
import { path } from './sparks.svelte';

test('a hole lifts the pen, too little draws nothing, standing still is a line in the middle', () => {
  expect(path([1, 2, null, 3, 4])).toMatch(/^M0\.0 \S+L30\.0 \S+M90\.0 \S+L120\.0 \S+$/);
  expect(path([1, 2, null])).toBe('');
  expect(path([5, 5, 5, 5])).toBe('M0.0 16.0L40.0 16.0L80.0 16.0L120.0 16.0');
});
