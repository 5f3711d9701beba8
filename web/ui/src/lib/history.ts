// The history of an asset as columns for curves: time, lowest, average and highest value of each step.

import { get, type MetricItem, type Page } from './api';

export type Range = '1h' | '6h' | '24h' | '7d';

export interface Curve {
  /** Unix seconds. */
  t: number[];
  min: (number | null)[];
  avg: (number | null)[];
  max: (number | null)[];
}

const MINUTE_S = 60;
const ranges: Record<Range, { length_s: number; step_s: number }> = {
  '1h': { length_s: 60 * MINUTE_S, step_s: 0 },
  '6h': { length_s: 360 * MINUTE_S, step_s: MINUTE_S },
  '24h': { length_s: 1440 * MINUTE_S, step_s: 5 * MINUTE_S },
  '7d': { length_s: 7 * 1440 * MINUTE_S, step_s: 30 * MINUTE_S },
};

/** How far readings may lie apart before the curve is broken, seconds. */
export const gap = (range: Range) => Math.max(120, 3 * ranges[range].step_s);
export const length = (range: Range) => ranges[range].length_s;

export async function history(asset: string, range: Range, now: number): Promise<Map<string, Curve>> {
  const { length_s, step_s } = ranges[range];
  const query = new URLSearchParams({ from: iso(now - length_s * 1000), to: iso(now + 1), limit: '10000' });
  if (step_s > 0) query.set('step', String(step_s));
  const page = await get<Page<MetricItem>>(`/api/v1/assets/${encodeURIComponent(asset)}/metrics?${query}`);
  const curves = new Map<string, Curve>();
  for (const item of page.items) {
    let curve = curves.get(item.metric);
    if (!curve) curves.set(item.metric, (curve = { t: [], min: [], avg: [], max: [] }));
    const t = Date.parse(item.t) / 1000;
    if ('avg' in item) append(curve, t, item.min, item.avg, item.max, gap(range));
    else append(curve, t, item.v ?? null, item.v ?? null, item.v ?? null, gap(range));
  }
  return curves;
}

/** Adds a point at the end; a hole in time becomes a hole in the curve. */
export function append(curve: Curve, t: number, min: number | null, avg: number | null, max: number | null, gap_s: number) {
  const last = curve.t.at(-1);
  if (last !== undefined && t <= last) return;
  if (last !== undefined && t - last > gap_s) push(curve, last + gap_s / 2, null, null, null);
  push(curve, t, min, avg, max);
}

function push(curve: Curve, t: number, min: number | null, avg: number | null, max: number | null) {
  curve.t.push(t);
  curve.min.push(min);
  curve.avg.push(avg);
  curve.max.push(max);
}

const iso = (ms: number) => new Date(ms).toISOString();
