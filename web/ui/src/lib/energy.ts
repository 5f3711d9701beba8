// The building's energy as the page draws it: bars of a day's slots, with holes where nothing is known.

import type { EnergySlot, EnergyTotals } from './api';

export interface Bar {
  slot: EnergySlot;
  /** Place on the axis of time, 0 to 1. */
  x: number;
  width: number;
  /** Made and used here, taken from the grid, given to it, Wh. */
  own: number;
  taken: number;
  given: number;
}

export interface Chart {
  bars: Bar[];
  /** Stretches of which nothing is known, 0 to 1. */
  holes: { x: number; width: number; held: boolean }[];
  /** Wh at the top and at the bottom. */
  up: number;
  down: number;
  /** Lines across, Wh. */
  lines: number[];
}

/** A day's slots between two moments, milliseconds. What lies ahead of `now` is no hole. */
export function chart(slots: EnergySlot[], from: number, to: number, closedTo: number): Chart {
  const span = Math.max(1, to - from);
  const place = (time: number) => (Math.min(Math.max(time, from), to) - from) / span;
  const bars: Bar[] = [];
  const holes: Chart['holes'] = [];
  let known = from;
  const hole = (start: number, end: number, held: boolean) => {
    if (end <= start) return;
    const last = holes.at(-1);
    const x = place(start);
    if (last && last.held === held && Math.abs(last.x + last.width - x) < 1e-9) last.width = place(end) - last.x;
    else holes.push({ x, width: place(end) - x, held });
  };
  for (const slot of slots) {
    const [start, end] = [Date.parse(slot.start), Date.parse(slot.end)];
    hole(known, start, false);
    known = Math.max(known, end);
    if (slot.import_wh == null || slot.export_wh == null || slot.held) {
      hole(start, end, Boolean(slot.held));
      continue;
    }
    const own = Math.max(0, (slot.production_wh ?? 0) - slot.export_wh);
    bars.push({ slot, x: place(start), width: place(end) - place(start), own, taken: slot.import_wh, given: slot.export_wh });
  }
  hole(known, Math.min(to, closedTo), false);
  const [up, down] = [Math.max(0, ...bars.map((bar) => bar.own + bar.taken)), Math.max(0, ...bars.map((bar) => bar.given))];
  const step = nice(Math.max(up + down, 4) / 4);
  const [top, bottom] = [Math.ceil(Math.max(up, 1) / step) * step, Math.ceil(down / step) * step];
  const lines = [];
  for (let line = -bottom; line <= top; line += step) lines.push(line);
  return { bars, holes, up: top, down: bottom, lines };
}

/** 1, 2 or 5 times a power of ten, at least as large as `wanted`. */
export function nice(wanted: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(wanted, 1)));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= wanted) ?? 10);
}

/** What was made and used here, Wh. */
export const ownUse = ({ production_wh, export_wh }: EnergyTotals) => (production_wh == null ? null : Math.max(0, production_wh - export_wh));

/** Noon of the day that lies `days` after the one of a moment, in the time zone of the browser: whole days, whatever the clocks do. */
export function dayAfter(moment: number, days: number): number {
  const date = new Date(moment);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days, 12).getTime();
}

/** First moments of the day of a moment and of the next one. */
export function dayOf(moment: number): [number, number] {
  const date = new Date(moment);
  const midnight = (days: number) => new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime();
  return [midnight(0), midnight(1)];
}
