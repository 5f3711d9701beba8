import { expect, test } from 'vitest';
import type { MetricItem } from './api';
import { append, barStepFor, curveOf, gapOf, ghost, nearest, periods, POINTS_MAX, stepFor, WEEK_S } from './history';
import { lengthOf, ranges, SPAN_S_MAX } from './span';

const step = (t_s: number, avg: number): MetricItem => ({
  id: '', metric: 'm', t: new Date(t_s * 1000).toISOString(), min: avg - 1, avg, max: avg + 1, count: 6, last: avg,
});

test('every range fits into the points of a curve, on a grid that last week shares', () => {
  for (const length of [...ranges.map(lengthOf), 1, 61, SPAN_S_MAX]) {
    expect(length / stepFor(length)).toBeLessThanOrEqual(POINTS_MAX);
    expect(length / barStepFor(length)).toBeLessThanOrEqual(60);
  }
  for (const range of ranges) expect(WEEK_S % stepFor(lengthOf(range))).toBe(0);
  expect(stepFor(lengthOf('7d'))).toBe(900);
  expect(stepFor(lengthOf('30d'))).toBe(3600);
});

test('a hole in time is a hole in the curve, usual distances are not', () => {
  const even = curveOf([0, 60, 120, 180].map((t) => step(t, 20)), 60);
  expect(even.avg).not.toContain(null);
  const broken = curveOf([0, 60, 120, 900, 960].map((t) => step(t, 20)), 60);
  expect(broken.t).toEqual([0, 60, 120, 180, 900, 960]);
  expect(broken.avg[3]).toBeNull();
  // A meter that speaks every quarter of an hour is no broken meter.
  expect(curveOf([0, 900, 1800, 2700].map((t) => step(t, 20)), 5).avg).not.toContain(null);
});

test('a state is what it was last', () => {
  const on: MetricItem = { id: '', metric: 'm', t: '1970-01-01T00:00:00Z', min: 0, avg: null, max: 1, count: 2, last: 1 };
  expect(curveOf([on], 60).avg).toEqual([1]);
});

test('a state lasts until it changes or nobody knows', () => {
  expect(periods([0, 60, 120, 180, 240], [1, 1, null, 1, 0], 60)).toEqual([
    { from: 0, to: 120, value: 1 },
    { from: 180, to: 240, value: 1 },
    { from: 240, to: 300, value: 0 },
  ]);
});

test('a new reading joins its step or begins the next', () => {
  const curve = curveOf([step(0, 20), step(60, 20)], 60);
  const gap = gapOf(curve);
  append(curve, 75, 27, gap);
  expect([curve.min[1], curve.avg[1], curve.max[1], curve.count[1]]).toEqual([19, 21, 27, 7]);
  append(curve, 121, 30, gap);
  expect(curve.t).toEqual([0, 60, 120]);
  append(curve, 30, 99, gap);
  expect(curve.t).toEqual([0, 60, 120]);
  append(curve, 1000, 30, gap);
  expect(curve.avg.at(-2)).toBeNull();
});

test('the moment pointed at is the nearest one', () => {
  expect([0, 4, 6, 99].map((t) => nearest([0, 5, 10, 20], t))).toEqual([0, 1, 1, 3]);
  expect([nearest([], 5), nearest([7], 5)]).toEqual([-1, 0]);
});

test('last week is laid under this one', () => {
  expect(ghost(curveOf([step(0, 20)], 60), WEEK_S)).toEqual({ t: [WEEK_S], v: [20] });
});
