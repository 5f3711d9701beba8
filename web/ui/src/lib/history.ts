// The history of one metric as columns for a curve: time, lowest, average and highest value of each step.

import { get, type MetricItem, type Page } from './api';
import type { Span } from './span';

export interface Curve {
  /** Seconds of one step. */
  step_s: number;
  /** Unix seconds: the beginning of each step. Ascending. */
  t: number[];
  min: (number | null)[];
  avg: (number | null)[];
  max: (number | null)[];
  /** Readings in the step. */
  count: number[];
}

export const POINTS_MAX = 1000;
const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
export const DAY_S = 24 * HOUR_S;
export const WEEK_S = 7 * DAY_S;

// Each divides a day, so that a week ago lies on the same grid; from 15 minutes on the node has the steps ready.
const STEPS_S = [1, 5, 10, 30, MINUTE_S, 2 * MINUTE_S, 5 * MINUTE_S, 15 * MINUTE_S, 30 * MINUTE_S, HOUR_S, 2 * HOUR_S, 6 * HOUR_S, 12 * HOUR_S, DAY_S];
// What a bar of a counter stands for: few enough bars to count them.
const BAR_STEPS_S = [MINUTE_S, 5 * MINUTE_S, 15 * MINUTE_S, HOUR_S, 6 * HOUR_S, DAY_S, WEEK_S];
const BARS_MAX = 48;
const GAP_S_MIN = 120;

/** The finest step that stays within the points a curve can show. */
export const stepFor = (length_s: number) => STEPS_S.find((step) => length_s / step <= POINTS_MAX) ?? DAY_S * Math.ceil(length_s / DAY_S / POINTS_MAX);
export const barStepFor = (length_s: number) => BAR_STEPS_S.find((step) => length_s / step <= BARS_MAX) ?? WEEK_S * Math.ceil(length_s / WEEK_S / BARS_MAX);

/** Lowest, average and highest value of each step between two moments, holes where nothing was measured. */
export async function history(asset: string, metric: string, { from, to }: Span): Promise<Curve> {
  const step_s = stepFor(to - from);
  const query = new URLSearchParams({ metric, from: iso(from), to: iso(to), step: String(step_s), limit: '10000' });
  const page = await get<Page<MetricItem>>(`/api/v1/assets/${encodeURIComponent(asset)}/metrics?${query}`);
  return curveOf(page.items, step_s);
}

export function curveOf(items: MetricItem[], step_s: number): Curve {
  const curve: Curve = { step_s, t: [], min: [], avg: [], max: [], count: [] };
  for (const item of items) {
    const t = Date.parse(item.t) / 1000;
    // A state has no average: what it was last stands for the step.
    if ('count' in item) push(curve, t, item.min, item.avg ?? item.last, item.max, item.count);
    else push(curve, t, item.v ?? null, item.v ?? null, item.v ?? null, 1);
  }
  return holed(curve);
}

/** How far points may lie apart before the curve is broken: three times what is usual for it, seconds. */
export function gapOf(curve: Curve): number {
  const apart = curve.t.slice(1).map((t, index) => t - (curve.t[index] ?? t)).sort((a, b) => a - b);
  return Math.max(3 * (apart[apart.length >> 1] ?? 0), 3 * curve.step_s, GAP_S_MIN);
}

/** The curve with a point without value inside each hole in time. */
function holed(curve: Curve): Curve {
  const gap_s = gapOf(curve);
  const out: Curve = { step_s: curve.step_s, t: [], min: [], avg: [], max: [], count: [] };
  curve.t.forEach((t, i) => {
    const before = out.t.at(-1);
    if (before !== undefined && t - before > gap_s) push(out, before + curve.step_s, null, null, null, 0);
    push(out, t, curve.min[i] ?? null, curve.avg[i] ?? null, curve.max[i] ?? null, curve.count[i] ?? 0);
  });
  return out;
}

/** Adds a reading which just came in: to the last step, or as the beginning of the next. */
export function append(curve: Curve, t: number, v: number | null, gap_s: number) {
  const last = curve.t.length - 1;
  const start = curve.t[last];
  const step = Math.floor(t / curve.step_s) * curve.step_s;
  if (start !== undefined && step < start) return;
  if (start === step) {
    if (v === null) return;
    const count = curve.count[last] ?? 0;
    const avg = curve.avg[last] ?? v;
    curve.min[last] = Math.min(curve.min[last] ?? v, v);
    curve.max[last] = Math.max(curve.max[last] ?? v, v);
    curve.avg[last] = avg + (v - avg) / (count + 1);
    curve.count[last] = count + 1;
    return;
  }
  if (start !== undefined && step - start > gap_s) push(curve, start + curve.step_s, null, null, null, 0);
  push(curve, step, v, v, v, v === null ? 0 : 1);
}

/** How long a state stayed the same: until it changed, or until nobody knew. */
export function periods(t: number[], v: (number | null)[], step_s: number): { from: number; to: number; value: number }[] {
  const all: { from: number; to: number; value: number }[] = [];
  t.forEach((from, index) => {
    const value = v[index];
    if (value === null || value === undefined) return;
    const to = t[index + 1] ?? from + step_s;
    const last = all.at(-1);
    if (last?.value === value && last.to === from) last.to = to;
    else all.push({ from, to, value });
  });
  return all;
}

/** The averages of a curve, moved in time: what was measured a week ago, laid under today. */
export const ghost = (curve: Curve, shift_s: number) => ({ t: curve.t.map((t) => t + shift_s), v: curve.avg });

/** The place of the moment nearest to another in an ascending column; -1 in an empty one. */
export function nearest(t: number[], wanted: number): number {
  let [low, high] = [0, t.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((t[middle] ?? 0) <= wanted) low = middle;
    else high = middle;
  }
  if (high < 0) return -1;
  return Math.abs((t[high] ?? 0) - wanted) < Math.abs((t[low] ?? 0) - wanted) ? high : low;
}

function push(curve: Curve, t: number, min: number | null, avg: number | null, max: number | null, count: number) {
  curve.t.push(t);
  curve.min.push(min);
  curve.avg.push(avg);
  curve.max.push(max);
  curve.count.push(count);
}

export const iso = (unix_s: number) => new Date(unix_s * 1000).toISOString();
