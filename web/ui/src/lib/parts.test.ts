import { expect, test } from 'vitest';
import { nextMidnight, partsOf, slotFrom } from './parts';

test('percentages become whole parts and the rest is the grid’s', () => {
  const { parts, given, rest } = partsOf({ a: 33.33, b: 50, c: null, d: 0, e: undefined }, 10_000);
  expect(parts).toEqual([
    { member: 'a', weight: 3333 },
    { member: 'b', weight: 5000 },
  ]);
  expect([given, rest]).toEqual([8333, 1667]);
});

test('more than there is leaves less than nothing', () => {
  expect(partsOf({ a: 60, b: 40.01 }, 10_000).rest).toBe(-1);
  expect(partsOf({}, 100)).toEqual({ parts: [], given: 0, rest: 100 });
});

test('a moment falls on the slot that begins then or next', () => {
  const from = nextMidnight(Date.parse('2026-11-22T16:00:00'));
  expect(from).toBe('2026-11-23T00:00');
  const start = slotFrom(from, 15) * 15 * 60_000;
  expect(start).toBe(new Date(from).getTime());
  expect(slotFrom('2026-11-23T00:01', 15) - slotFrom(from, 15)).toBe(1);
});
