// A day of the leading value of each asset as a small line, one question per metric for the whole building.

import { get, type Steps } from './api';
import { DAY_S, iso } from './history';

const STEP_S = 1_800;
const AGAIN_MS = 5 * 60_000;
export const WIDTH = 120;
export const HEIGHT = 32;

class Sparks {
  /** By asset and metric. */
  lines = $state.raw(new Map<string, string>());
  #asked = new Map<string, number>();

  async ask(metrics: string[], now_s: number) {
    const due = [...new Set(metrics)].filter((metric) => performance.now() - (this.#asked.get(metric) ?? -Infinity) > AGAIN_MS);
    for (const metric of due) this.#asked.set(metric, performance.now());
    await Promise.all(due.map((metric) => this.#one(metric, now_s)));
  }

  async #one(metric: string, now_s: number) {
    const query = new URLSearchParams({ fn: 'avg', metric, from: iso(now_s - DAY_S), to: iso(now_s), step: String(STEP_S), by: 'asset' });
    // A row without its little line is still a row.
    const answer = await get<Pick<Steps, 'series'>>(`/api/v1/query?${query}`).catch(() => ({ series: [] }));
    const lines = new Map(this.lines);
    for (const { asset, values } of answer.series) if (asset) lines.set(key(asset, metric), path(values));
    this.lines = lines;
  }

  of(asset: string, metric: string): string | undefined {
    return this.lines.get(key(asset, metric)) || undefined;
  }
}

const key = (asset: string, metric: string) => `${asset} ${metric}`;

/** The path of an SVG; empty when there is too little to show. */
export function path(values: (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  if (known.length < 4) return '';
  const [low, high] = [Math.min(...known), Math.max(...known)];
  // What hardly moves is a flat line in the middle.
  const room = Math.max(high - low, Math.abs(high) * 0.02) || 1;
  const base = (low + high) / 2 - room / 2;
  let pen = false;
  const parts = values.map((value, index) => {
    if (value === null) {
      pen = false;
      return '';
    }
    const [x, y] = [(index / Math.max(1, values.length - 1)) * WIDTH, HEIGHT - 2 - ((value - base) / room) * (HEIGHT - 4)];
    const part = `${pen ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = true;
    return part;
  });
  return parts.join('');
}

export const sparks = new Sparks();
