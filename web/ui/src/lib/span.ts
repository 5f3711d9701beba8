// Which stretch of time the curves show: one that ends now and moves on, or one chosen by hand that stays.

export type Range = '1h' | '6h' | '24h' | '7d' | '30d';
export const ranges: Range[] = ['1h', '6h', '24h', '7d', '30d'];

/** From (included) to (excluded), Unix seconds. */
export interface Span {
  from: number;
  to: number;
}

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;
const lengths: Record<Range, number> = { '1h': HOUR_S, '6h': 6 * HOUR_S, '24h': DAY_S, '7d': 7 * DAY_S, '30d': 30 * DAY_S };

/** Shortest and longest stretch one can zoom to. */
export const SPAN_S_MIN = 60;
export const SPAN_S_MAX = 366 * DAY_S;

export const lengthOf = (range: Range) => lengths[range];
export const until = (range: Range, now: number): Span => ({ from: now - lengths[range], to: now });

/** The same middle, `factor` times as long; `at` stays where it is, 0 (start) to 1 (end). */
export function zoomed({ from, to }: Span, factor: number, now: number, at = 0.5): Span {
  const length = Math.min(SPAN_S_MAX, Math.max(SPAN_S_MIN, (to - from) * factor));
  const still = from + (to - from) * at;
  return kept({ from: still - length * at, to: still + length * (1 - at) }, now);
}

/** Moved by a part of its own length; never into the future. */
export function moved({ from, to }: Span, part: number, now: number): Span {
  const by = (to - from) * part;
  return kept({ from: from + by, to: to + by }, now);
}

/** Two moments in either order, as a span that can be shown. */
export function between(a: number, b: number, now: number): Span {
  const [from, to] = a < b ? [a, b] : [b, a];
  return zoomed({ from, to }, 1, now);
}

function kept({ from, to }: Span, now: number): Span {
  const over = Math.max(0, to - now);
  return { from: from - over, to: to - over };
}

/** How far back the comparison looks: a week, or four where a week would lie within the span itself. */
export const shiftOf = ({ from, to }: Span) => (to - from <= 7 * DAY_S ? 7 * DAY_S : 28 * DAY_S);

/** For a field of the browser that wants local date and time; and back. */
export function localInput(unix_s: number): string {
  const date = new Date(unix_s * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function ofLocalInput(text: string): number | null {
  const ms = new Date(text).getTime();
  return Number.isNaN(ms) ? null : ms / 1000;
}
