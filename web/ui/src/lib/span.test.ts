import { expect, test } from 'vitest';
import { between, localInput, moved, ofLocalInput, shiftOf, SPAN_S_MAX, SPAN_S_MIN, until, zoomed } from './span';

const now = 1_800_000_000;

test('zooming keeps the moment under the finger', () => {
  const span = zoomed({ from: now - 4000, to: now }, 0.5, now, 0.25);
  expect(span).toEqual({ from: now - 3500, to: now - 1500 });
});

test('nothing is shown beyond now, and a span has its bounds', () => {
  expect(moved({ from: now - 200, to: now - 100 }, 4, now)).toEqual({ from: now - 100, to: now });
  expect(zoomed({ from: now - 100, to: now }, 0.001, now).to - zoomed({ from: now - 100, to: now }, 0.001, now).from).toBe(SPAN_S_MIN);
  const widest = zoomed(until('30d', now), 1000, now);
  expect(widest.to - widest.from).toBe(SPAN_S_MAX);
});

test('two moments in either order', () => {
  expect(between(now - 10, now - 500, now)).toEqual({ from: now - 500, to: now - 10 });
});

test('a week before lies outside the span that it is compared with', () => {
  for (const range of ['1h', '24h', '7d', '30d'] as const) {
    const span = until(range, now);
    if (range !== '30d') expect(shiftOf(span)).toBe(7 * 86_400);
    else expect(shiftOf(span)).toBe(28 * 86_400);
  }
});

test('a moment goes through the field of the browser and back', () => {
  expect(ofLocalInput(localInput(now))).toBe(now - (now % 60));
  expect(ofLocalInput('soon')).toBeNull();
});
