// The building's plan as the page draws it: where each slot's energy comes from and goes to, and when things run.

import type { DayPlan, PlanSlot } from './api';
import { nice } from './energy';

export interface PlanBar {
  slot: PlanSlot;
  /** Place on the axis of time, 0 to 1. */
  x: number;
  width: number;
  /** Above the line, Wh: sun used here, out of batteries, from the grid. */
  sun: number;
  out: number;
  taken: number;
  /** Below it: into batteries, to the grid. */
  into: number;
  given: number;
  /** What building and loads that can wait use. */
  used: number;
}

export interface PlanChart {
  bars: PlanBar[];
  up: number;
  down: number;
  lines: number[];
  /** Stretches of one price, dearest 1, cheapest 0. */
  prices: { x: number; width: number; price: number; height: number }[];
}

const sum = (figures: number[]) => figures.reduce((all, one) => all + one, 0);

export const stored = (slot: PlanSlot) => sum(slot.stores.map((store) => store.stored_wh));
const moved = (slot: PlanSlot) => sum(slot.stores.map((store) => store.net_wh));

/** The slots of a plan that begin in `[from, to)`, milliseconds. */
export function planChart(slots: PlanSlot[], from: number, to: number): PlanChart {
  const span = Math.max(1, to - from);
  const bars: PlanBar[] = [];
  const prices: PlanChart['prices'] = [];
  for (const slot of slots) {
    const [start, end] = [Date.parse(slot.start), Date.parse(slot.end)];
    if (start < from || start >= to) continue;
    const battery = moved(slot);
    const given = Math.max(0, -slot.net_wh);
    const taken = Math.max(0, slot.net_wh);
    const [into, out] = [Math.max(0, battery), Math.max(0, -battery)];
    const used = Math.max(0, slot.net_wh - battery + Math.max(0, slot.sun_wh ?? 0));
    const x = (start - from) / span;
    const width = (end - start) / span;
    bars.push({ slot, x, width, sun: Math.max(0, (slot.sun_wh ?? 0) - given - Math.max(0, into - taken)), out, taken, into, given, used });
    const last = prices.at(-1);
    if (last && last.price === slot.import_price) last.width = x + width - last.x;
    else prices.push({ x, width, price: slot.import_price, height: 0 });
  }
  const all = prices.map((one) => one.price);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  for (const one of prices) one.height = high > low ? (one.price - low) / (high - low) : 0;
  const up = Math.max(0, ...bars.map((bar) => Math.max(bar.sun + bar.out + bar.taken, bar.used)));
  const down = Math.max(0, ...bars.map((bar) => bar.into + bar.given));
  const step = nice(Math.max(up + down, 4) / 4);
  const [top, bottom] = [Math.ceil(Math.max(up, 1) / step) * step, Math.ceil(down / step) * step];
  const lines = [];
  for (let line = -bottom; line <= top; line += step) lines.push(line);
  return { bars, up: top, down: bottom, lines, prices };
}

/** Less is not worth a line, Wh. */
const SMALLEST_WH = 50;

export interface Run {
  from: number;
  to: number;
  wh: number;
}

/** When something takes energy, one stretch after the other, from `since` on. */
export function runs(plan: DayPlan, since: number, taken: (slot: PlanSlot) => number): Run[] {
  const found: Run[] = [];
  for (const slot of plan.slots) {
    const wh = taken(slot);
    const [from, to] = [Date.parse(slot.start), Date.parse(slot.end)];
    if (wh <= 0 || to <= since) continue;
    const last = found.at(-1);
    if (last && last.to === from) Object.assign(last, { to, wh: last.wh + wh });
    else found.push({ from, to, wh });
  }
  return found.filter((run) => run.wh >= SMALLEST_WH);
}

/** "18:30" of minutes since midnight, and back. */
export const clockOf = (minute: number) => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
export const minuteOf = (clock: string) => {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number);
  return hours * 60 + minutes;
};
