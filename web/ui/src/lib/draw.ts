// What is painted on a chart beside its curve: thresholds, stretches of time, moments and bands of state.

import type uPlot from 'uplot';
import { periods } from './history';
import { language } from './language.svelte';

export interface Palette {
  ink: string;
  grid: string;
  line: string;
  ghost: string;
  ground: string;
  alert: string;
  watch: string;
  low: string;
  ok: string;
  font: string;
}

export type Tone = 'alert' | 'watch' | 'low' | 'ok' | 'ink';

/** A value to compare with: a dashed line across the chart. */
export interface Line {
  value: number;
  text: string;
  tone: Tone;
  faint: boolean;
}

/** A stretch of time that matters. */
export interface Shade {
  from: number;
  to: number;
  text: string;
}

/** A moment that matters. */
export interface Mark {
  t: number;
  text: string;
  tone: Tone;
}

const LABEL_PX = 17;

export function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const colour = (token: string) => style.getPropertyValue(token).trim();
  return {
    ink: colour('--muted'),
    grid: colour('--line'),
    line: colour('--accent'),
    ghost: colour('--line-strong'),
    ground: colour('--surface'),
    alert: colour('--alert'),
    watch: colour('--watch'),
    low: colour('--low'),
    ok: colour('--ok'),
    font: getComputedStyle(document.body).fontFamily,
  };
}

export function shade(plot: uPlot, shades: Shade[], colours: Palette) {
  const { ctx, bbox } = plot;
  within(plot, () => {
    for (const { from, to } of shades) {
      const left = plot.valToPos(from, 'x', true);
      const right = Math.max(left + 2 * devicePixelRatio, plot.valToPos(to, 'x', true));
      ctx.fillStyle = `color-mix(in srgb, ${colours.watch} 16%, transparent)`;
      ctx.fillRect(left, bbox.top, right - left, bbox.height);
    }
  });
}

export function lines(plot: uPlot, all: Line[], curve: { t: number[]; avg: (number | null)[] }, colours: Palette) {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const taken: number[] = [];
  within(plot, () => {
    for (const { value, text, tone, faint } of all) {
      const y = Math.round(plot.valToPos(value, 'y', true)) + 0.5;
      ctx.strokeStyle = colours[tone];
      ctx.lineWidth = (faint ? 1 : 1.5) * ratio;
      ctx.setLineDash((faint ? [2, 4] : [6, 4]).map((length) => length * ratio));
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      // Labels that would lie on each other: the first one stays.
      if (taken.some((other) => Math.abs(other - y) < LABEL_PX * ratio)) continue;
      taken.push(y);
      label(plot, text, y, curve, colours[tone], colours);
    }
  });
}

/** The words of a line, at its start, or at its end when only there the curve leaves room. */
function label(plot: uPlot, text: string, y: number, curve: { t: number[]; avg: (number | null)[] }, colour: string, colours: Palette) {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.font = `${12 * ratio}px ${colours.font}`;
  const width = ctx.measureText(text).width + 8 * ratio;
  const top = y - 19 * ratio;
  const [start, end] = [bbox.left, bbox.left + bbox.width - width];
  const left = crosses(plot, curve, start, start + width, top, y) && !crosses(plot, curve, end, end + width, top, y) ? end : start;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'alphabetic';
  ctx.fillStyle = `color-mix(in srgb, ${colours.ground} 80%, transparent)`;
  ctx.fillRect(left, top, width, LABEL_PX * ratio);
  ctx.fillStyle = colour;
  ctx.fillText(text, left + 4 * ratio, y - 6 * ratio);
}

export function marks(plot: uPlot, all: Mark[], colours: Palette) {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  within(plot, () => {
    ctx.font = `${12 * ratio}px ${colours.font}`;
    ctx.textBaseline = 'top';
    for (const { t, text, tone } of all) {
      const x = Math.round(plot.valToPos(t, 'x', true)) + 0.5;
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.strokeStyle = ctx.fillStyle = colours[tone];
      ctx.lineWidth = 1.5 * ratio;
      ctx.setLineDash([]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const width = ctx.measureText(text).width;
      const right = x + width + 6 * ratio > bbox.left + bbox.width;
      ctx.textAlign = right ? 'right' : 'left';
      ctx.fillText(text, x + (right ? -4 : 4) * ratio, bbox.top + 3 * ratio);
    }
  });
}

/** A state as a band of time: filled while it is not zero. */
export function states(plot: uPlot, t: number[], v: (number | null)[], step_s: number, colours: Palette) {
  const { ctx, bbox } = plot;
  const tones = [colours.grid, colours.ok, colours.low, colours.watch, colours.alert];
  within(plot, () => {
    for (const { from, to, value } of periods(t, v, step_s)) {
      const [left, right] = [plot.valToPos(from, 'x', true), plot.valToPos(Math.min(to, plot.scales['x']?.max ?? Infinity), 'x', true)];
      ctx.fillStyle = tones[Math.min(tones.length - 1, Math.max(0, Math.ceil(value)))] ?? colours.grid;
      // A step during which it was on for a part only is filled for that part of its height.
      const part = value > 0 && value < 1 ? value : 1;
      ctx.fillRect(left, bbox.top + bbox.height * (1 - part), Math.max(1, right - left), bbox.height * part);
    }
  });
}

function within(plot: uPlot, paint: () => void) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.direction = language.dir;
  paint();
  ctx.restore();
}

/** Whether the curve passes through a box, canvas pixels; a piece of it counts with all that its ends span. */
function crosses(plot: uPlot, curve: { t: number[]; avg: (number | null)[] }, left: number, right: number, top: number, bottom: number): boolean {
  let before: [number, number] | undefined;
  return curve.t.some((t, index) => {
    const value = curve.avg[index];
    if (value === null || value === undefined) {
      before = undefined;
      return false;
    }
    const here: [number, number] = [plot.valToPos(t, 'x', true), plot.valToPos(value, 'y', true)];
    const [x, y] = before ?? here;
    before = here;
    return here[0] >= left && x <= right && Math.max(y, here[1]) >= top && Math.min(y, here[1]) <= bottom;
  });
}
