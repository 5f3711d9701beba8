import { describe, expect, test } from 'vitest';
import type { Alert, EnergySlot, EnergyTotals, Order, PlanSlot, Shift, SlotResult } from './api';
import type { Assembly } from './vote';
import { flows, moments, money, peak, type Records } from './today';

const [FROM, TO] = [Date.parse('2030-03-18T00:00:00Z'), Date.parse('2030-03-19T00:00:00Z')];
const at = (hour: number, minute = 0) => new Date(FROM + (hour * 60 + minute) * 60_000).toISOString();
const result = (hour: number, own: Partial<NonNullable<SlotResult['own']>> | null) =>
  ({ start: at(hour), end: at(hour, 15), retail: 250_000, feed_in: 40_000, own: own && { bought_wh: 0, sold_wh: 0, pay: 0, revenue: 0, fee: 0, doubt: null, ...own } }) as SlotResult;
const none: Records = { shifts: [], alerts: [], orders: [], results: [], assemblies: [], leaving: null };

describe('where energy came from and went', () => {
  const totals = { production_wh: 20_000, export_wh: 12_000, import_wh: 9_000, consumption_wh: 17_000 } as EnergyTotals;
  test('what neighbours took is not the grid’s', () => {
    const lines = [result(12, { sold_wh: 10_000 }), result(20, { bought_wh: 1_000 })];
    expect(flows(totals, lines)).toEqual({ own: 8_000, sold: 10_000, toGrid: 2_000, bought: 1_000, fromGrid: 8_000 });
  });
  test('a line in doubt counts as if nothing had been shared', () => {
    expect(flows(totals, [result(12, { sold_wh: 10_000, doubt: 'proof' }), result(13, null)])).toEqual({ own: 8_000, sold: 0, toGrid: 12_000, bought: 0, fromGrid: 9_000 });
  });
  test('without a meter of production nothing is made', () => {
    expect(flows({ ...totals, production_wh: null, export_wh: 0 }, []).own).toBe(0);
  });
});

test('the gain is against the supplier’s two prices', () => {
  // 1 kWh bought for 0.10 and 0.05 of fee instead of 0.25; 2 kWh sold for 0.20 instead of 0.08.
  const lines = [result(19, { bought_wh: 1_000, pay: 100_000, fee: 50_000 }), result(12, { sold_wh: 2_000, revenue: 200_000 })];
  expect(money(lines)).toEqual({ earned: 200_000, paid: 150_000, gain: 100_000 + 120_000 });
});

describe('the highest import', () => {
  const slot = (hour: number, import_wh: number | null, held = false) => ({ start: at(hour), end: at(hour, 15), import_wh, held: held ? 'impossible' : null }) as unknown as EnergySlot;
  const planned = (hour: number, net_wh: number) => ({ start: at(hour), end: at(hour, 15), net_wh }) as PlanSlot;
  test('is of a slot that counts, beside the highest of that day’s plan', () => {
    const found = peak([slot(7, 500), slot(18, 4_000), slot(19, 9_000, true), slot(20, null)], [planned(18, 3_000), planned(30, 8_000)], [FROM, TO]);
    expect(found).toEqual({ watts: 16_000, at: FROM + 18 * 3_600_000, planned: 12_000 });
  });
  test('is none where nothing was metered', () => expect(peak([slot(7, null)], [], [FROM, TO])).toBeNull());
});

describe('the moments of a day', () => {
  test('come by time, and only those of the day', () => {
    const shift = { earlier: at(17), relieved: at(18), end: at(20), stage: 'agreed', taken_wh: 4_000 } as Shift;
    const found = moments(
      {
        ...none,
        shifts: [shift, { ...shift, stage: 'declined' }, { ...shift, taken_wh: null }],
        alerts: [{ opened: at(9) } as Alert, { opened: at(-1) } as Alert],
        orders: [{ local: true, status: 'done', closed: at(11) } as Order, { local: false, status: 'done', closed: at(11) } as Order, { local: true, status: 'open' } as Order],
        results: [result(13, { sold_wh: 500, revenue: 50_000 }), result(12, null), result(14, { sold_wh: 700, revenue: 70_000 })],
        assemblies: [{ day: '2030-03-18', stage: 'concluded', place: '18:30, hall' } as Assembly, { day: '2030-03-18', stage: 'open', place: '' } as Assembly],
      },
      [FROM, TO],
      '2030-03-18',
    );
    expect(found.map((one) => one.kind)).toEqual(['opened', 'mended', 'sold', 'moved', 'decided']);
    expect(found[2]).toMatchObject({ at: FROM + 13 * 3_600_000, until: FROM + 14.25 * 3_600_000, wh: 1_200, micro: 120_000 });
    expect(found[4]?.at).toBe(FROM + 18.5 * 3_600_000);
  });
  test('an assembly without an hour stands at the end', () => {
    const found = moments({ ...none, assemblies: [{ day: '2030-03-18', stage: 'concluded', place: 'hall' } as Assembly] }, [FROM, TO], '2030-03-18');
    expect(found[0]?.at).toBe(TO - 1);
  });
});
