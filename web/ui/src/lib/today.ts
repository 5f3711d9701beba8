// What a day came to: sums of its settled slots, its highest import beside the plan's, and the moments worth telling, each
// with the records behind it. Whole Wh and micro-EUR, as the node tells them.

import type { Alert, EnergySlot, EnergyTotals, Leaving, Order, PlanSlot, Shift, SlotResult } from './api';
import type { Assembly } from './vote';

/** Where a day's energy came from and where the sun went, Wh. */
export interface Flows {
  /** Made here: used here, sold to neighbours, the rest to the grid. */
  own: number;
  sold: number;
  toGrid: number;
  /** Taken: from neighbours, the rest from the grid. */
  bought: number;
  fromGrid: number;
}

/** What neighbours paid and were paid, and what that was better than the supplier, micro-EUR. */
export interface Money {
  earned: number;
  paid: number;
  gain: number;
}

export interface Peak {
  /** Highest import of a slot, W, and when. */
  watts: number;
  at: number;
  /** Highest that was planned, W; none without a plan of that day. */
  planned: number | null;
}

export type Moment =
  | { kind: 'moved'; at: number; until: number; shift: Shift }
  | { kind: 'opened'; at: number; alert: Alert }
  | { kind: 'mended'; at: number; order: Order }
  | { kind: 'sold' | 'bought'; at: number; until: number; wh: number; micro: number }
  | { kind: 'decided'; at: number; assembly: Assembly }
  | { kind: 'card'; at: number; says: Record<string, string> };

const inside = (time: string | null | undefined, [from, to]: readonly [number, number]) => {
  const at = time ? Date.parse(time) : Number.NaN;
  return at >= from && at < to ? at : null;
};
const sum = <T>(all: T[], of: (one: T) => number) => all.reduce((total, one) => total + of(one), 0);

/** The slots of which this building checked its own line. */
const checked = (results: SlotResult[]) => results.filter((one) => one.own && !one.own.doubt);

export function flows(totals: EnergyTotals, results: SlotResult[]): Flows {
  const lines = checked(results);
  const [sold, bought] = [sum(lines, (one) => one.own?.sold_wh ?? 0), sum(lines, (one) => one.own?.bought_wh ?? 0)];
  return {
    own: Math.max(0, (totals.production_wh ?? 0) - totals.export_wh),
    sold,
    toGrid: Math.max(0, totals.export_wh - sold),
    bought,
    fromGrid: Math.max(0, totals.import_wh - bought),
  };
}

/** Gain: bought energy at the supplier's price less what it cost, and earnings less what the supplier would have paid. */
export function money(results: SlotResult[]): Money {
  const lines = checked(results);
  const at = (wh: number, price: number | null | undefined) => (wh * (price ?? 0)) / 1000;
  const [earned, paid] = [sum(lines, (one) => one.own?.revenue ?? 0), sum(lines, (one) => (one.own?.pay ?? 0) + (one.own?.fee ?? 0))];
  const instead = sum(lines, (one) => at(one.own?.bought_wh ?? 0, one.retail) - at(one.own?.sold_wh ?? 0, one.feed_in));
  return { earned, paid, gain: Math.round(instead - paid + earned) };
}

/** The highest import of the day's slots; none where nothing was metered. */
export function peak(slots: EnergySlot[], planned: PlanSlot[], range: readonly [number, number]): Peak | null {
  const watts = (wh: number, start: string, end: string) => (wh * 3_600_000) / Math.max(1, Date.parse(end) - Date.parse(start));
  const known = slots.filter((slot) => slot.import_wh != null && !slot.held);
  const highest = known.reduce<EnergySlot | null>((most, slot) => ((slot.import_wh ?? 0) > (most?.import_wh ?? -1) ? slot : most), null);
  if (!highest) return null;
  const own = planned.filter((slot) => inside(slot.start, range) !== null).map((slot) => watts(slot.net_wh, slot.start, slot.end));
  return { watts: watts(highest.import_wh ?? 0, highest.start, highest.end), at: Date.parse(highest.start), planned: own.length > 0 ? Math.max(0, ...own) : null };
}

export interface Records {
  shifts: Shift[];
  alerts: Alert[];
  orders: Order[];
  results: SlotResult[];
  assemblies: Assembly[];
  leaving: Leaving | null;
}

/** The moments of a day, by time. `day` is its date on the wall, such as `2030-03-18`. */
export function moments(records: Records, range: readonly [number, number], day: string): Moment[] {
  const moved = records.shifts.flatMap((shift): Moment[] => {
    const at = inside(shift.earlier, range);
    return at !== null && shift.stage === 'agreed' && shift.taken_wh ? [{ kind: 'moved', at, until: Date.parse(shift.end), shift }] : [];
  });
  const opened = records.alerts.flatMap((alert): Moment[] => {
    const at = inside(alert.opened, range);
    return at === null ? [] : [{ kind: 'opened', at, alert }];
  });
  const mended = records.orders.flatMap((order): Moment[] => {
    const at = order.local && order.status === 'done' ? inside(order.closed, range) : null;
    return at === null ? [] : [{ kind: 'mended', at, order }];
  });
  const decided = records.assemblies
    .filter((assembly) => assembly.day === day && (assembly.stage === 'concluded'))
    .map((assembly): Moment => ({ kind: 'decided', at: hourOf(assembly.place, range), assembly }));
  const cards = (records.leaving?.recent ?? []).flatMap((left): Moment[] => {
    const at = left.kind === 'incident_card' ? inside(left.at, range) : null;
    return at === null ? [] : [{ kind: 'card', at, says: left.says }];
  });
  const all = [...moved, ...opened, ...mended, ...traded(records.results, 'sold'), ...traded(records.results, 'bought'), ...decided, ...cards];
  return all.sort((a, b) => a.at - b.at);
}

/** From the first slot with neighbours' energy to the last, as one moment. */
function traded(results: SlotResult[], kind: 'sold' | 'bought'): Moment[] {
  const wh = (one: SlotResult) => (kind === 'sold' ? one.own?.sold_wh : one.own?.bought_wh) ?? 0;
  const some = checked(results).filter((one) => wh(one) > 0);
  const [first, last] = [some[0], some.at(-1)];
  if (!first || !last) return [];
  const micro = sum(some, (one) => (kind === 'sold' ? one.own?.revenue : (one.own?.pay ?? 0) + (one.own?.fee ?? 0)) ?? 0);
  return [{ kind, at: Date.parse(first.start), until: Date.parse(last.end), wh: sum(some, wh), micro }];
}

/** An assembly is held at the hour that its invitation begins with, such as "18:00, hall"; else at the day's end. */
function hourOf(place: string, [from, to]: readonly [number, number]): number {
  const hour = /^([01]?\d|2[0-3])[:h]([0-5]\d)/.exec(place.trim());
  return hour ? from + (Number(hour[1]) * 60 + Number(hour[2])) * 60_000 : to - 1;
}
