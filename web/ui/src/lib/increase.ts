// How much a counter grew in each step. The node knows about resets, swaps and rollovers and is asked first.

import { Failure, get, type Steps } from './api';
import { barStepFor, DAY_S, history, iso, type Curve } from './history';
import type { Span } from './span';

type Answer = Pick<Steps, 'from' | 'step_s' | 'times'> & { series: Pick<Steps['series'][number], 'values'>[] };

export async function increase(asset: string, metric: string, span: Span): Promise<Curve> {
  const step_s = barStepFor(span.to - span.from);
  // Bars stand for whole steps.
  const from = Math.floor(span.from / step_s) * step_s;
  const query = new URLSearchParams({ fn: 'increase', asset, metric, from: iso(from), to: iso(span.to), step: String(step_s), by: 'asset' });
  // Bars of a day begin at midnight here, not in Greenwich.
  if (step_s === DAY_S) query.set('tz', Intl.DateTimeFormat().resolvedOptions().timeZone);
  try {
    return ofAnswer(await get<Answer>(`/api/v1/query?${query}`));
  } catch (error) {
    if (!(error instanceof Failure && error.status === 404)) throw error;
    return ofReadings(await history(asset, metric, { from: from - step_s, to: span.to }), step_s);
  }
}

export function ofAnswer({ from, step_s, times, series }: Answer): Curve {
  const values = series[0]?.values ?? [];
  const start = Date.parse(from) / 1000;
  const width = step_s ?? DAY_S;
  const at = (index: number) => (times?.[index] ? Date.parse(times[index]) / 1000 : start + index * width);
  return bars(values.map((v, index) => [at(index), v]), width);
}

/** From highest readings of finer steps; falling back means that the counter began anew. */
export function ofReadings(curve: Curve, step_s: number): Curve {
  const grown = new Map<number, number>();
  let before: number | null = null;
  curve.t.forEach((t, index) => {
    const reading = curve.max[index] ?? null;
    if (reading === null) return;
    const bar = Math.floor(t / step_s) * step_s;
    const by = before === null ? 0 : reading >= before ? reading - before : reading;
    grown.set(bar, (grown.get(bar) ?? 0) + by);
    before = reading;
  });
  return bars([...grown], step_s);
}

function bars(points: [number, number | null][], step_s: number): Curve {
  const nothing = points.map(() => null);
  return { step_s, t: points.map(([t]) => t), avg: points.map(([, v]) => v), min: nothing, max: nothing, count: points.map(() => 1) };
}
