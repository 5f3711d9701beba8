import { expect, test } from 'vitest';
import type { DayPlan, PlanSlot } from './api';
import { clockOf, minuteOf, planChart, runs } from './plan';

const QUARTER = 900_000;
const slot = (at: number, figures: Partial<PlanSlot>): PlanSlot => ({
  id: String(at),
  start: new Date(at * QUARTER).toISOString(),
  end: new Date((at + 1) * QUARTER).toISOString(),
  load_wh: 0,
  sun_wh: 0,
  stores: [],
  loads_wh: [],
  net_wh: 0,
  import_price: 200_000,
  export_price: 40_000,
  ...figures,
});
const store = (net_wh: number) => ({ net_wh, stored_wh: 0, hold_wh: 0, fill_wh: 0 });

test('what comes in goes out in each bar', () => {
  const slots = [
    slot(0, { load_wh: 300, sun_wh: 1000, stores: [store(500)], net_wh: -200 }),
    slot(1, { load_wh: 300, sun_wh: 0, stores: [store(500)], net_wh: 800 }),
    slot(2, { load_wh: 900, sun_wh: 100, stores: [store(-600)], net_wh: 200, import_price: 270_000 }),
    slot(3, { load_wh: null, sun_wh: null, net_wh: 0, import_price: 270_000 }),
  ];
  const { bars, prices } = planChart(slots, 0, 4 * QUARTER);
  expect(bars.map(({ sun, out, taken, into, given, used }) => [sun, out, taken, into, given, used])).toEqual([
    [300, 0, 0, 500, 200, 300],
    [0, 0, 800, 500, 0, 300],
    [100, 600, 200, 0, 0, 900],
    [0, 0, 0, 0, 0, 0],
  ]);
  expect(prices.map(({ x, width, height }) => [x, width, height])).toEqual([[0, 0.5, 0], [0.5, 0.5, 1]]);
  expect(planChart(slots, QUARTER, 2 * QUARTER).bars).toHaveLength(1);
});

test('runs are stretches without a pause', () => {
  const plan = { slots: [0, 500, 500, 0, 70, 0, 7].map((wh, at) => slot(at, { loads_wh: [wh] })) } as unknown as DayPlan;
  const found = runs(plan, 0, (one) => one.loads_wh[0] ?? 0);
  expect(found).toEqual([
    { from: QUARTER, to: 3 * QUARTER, wh: 1000 },
    { from: 4 * QUARTER, to: 5 * QUARTER, wh: 70 },
  ]);
  expect(runs(plan, 3 * QUARTER, (one) => one.loads_wh[0] ?? 0)).toHaveLength(1);
});

test('clocks and minutes', () => {
  expect([clockOf(0), clockOf(1110), minuteOf('18:30'), minuteOf('00:00')]).toEqual(['00:00', '18:30', 1110, 0]);
});
