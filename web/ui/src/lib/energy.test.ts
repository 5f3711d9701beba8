import { describe, expect, it } from 'vitest';
import type { EnergySlot } from './api';
import { chart, dayAfter, dayOf, nice } from './energy';

const QUARTER = 900_000;
const slot = (n: number, figures: Partial<EnergySlot> = {}): EnergySlot => ({
  id: String(n * QUARTER),
  start: new Date(n * QUARTER).toISOString(),
  end: new Date((n + 1) * QUARTER).toISOString(),
  import_wh: 100,
  export_wh: 0,
  production_wh: 0,
  consumption_wh: 100,
  quality: 'measured',
  version: 1,
  held: null,
  ...figures,
});
const none = { import_wh: null, export_wh: null, production_wh: null, consumption_wh: null, quality: 'missing' } as const;

describe('the chart of a day', () => {
  it('draws gaps as gaps, never as zero', () => {
    const drawn = chart([slot(1), slot(2, none), slot(3, none), slot(5, { held: 'beyond_any_slot' }), slot(6)], 0, 8 * QUARTER, 7 * QUARTER);
    expect(drawn.bars.map((bar) => bar.x)).toEqual([1 / 8, 6 / 8]);
    expect(drawn.holes).toEqual([
      { x: 0, width: 1 / 8, held: false },
      { x: 2 / 8, width: 3 / 8, held: false },
      { x: 5 / 8, width: 1 / 8, held: true },
    ]);
  });

  it('leaves what is still to come empty', () => {
    expect(chart([slot(0)], 0, 96 * QUARTER, QUARTER).holes).toEqual([]);
    expect(chart([], 0, 96 * QUARTER, 0)).toMatchObject({ bars: [], holes: [] });
  });

  it('puts what is given below the line and what is used above it', () => {
    const [bar] = chart([slot(0, { import_wh: 20, production_wh: 500, export_wh: 380 })], 0, QUARTER, QUARTER).bars;
    expect(bar).toMatchObject({ own: 120, taken: 20, given: 380, x: 0, width: 1 });
  });

  it('has lines at round figures that hold every bar', () => {
    const { up, down, lines } = chart([slot(0, { import_wh: 1234 }), slot(1, { import_wh: 0, production_wh: 950, export_wh: 900 })], 0, 2 * QUARTER, 2 * QUARTER);
    expect([up, down]).toEqual([2000, 1000]);
    expect(lines).toEqual([-1000, 0, 1000, 2000]);
    expect([nice(0), nice(3), nice(5), nice(51), nice(1000)]).toEqual([1, 5, 5, 100, 1000]);
  });

  it('knows whole days', () => {
    const [from, to] = dayOf(dayAfter(Date.UTC(2026, 5, 3, 12), 1));
    expect(to - from).toBe(86_400_000);
    expect(dayOf(dayAfter(from, 0))).toEqual([from, to]);
    expect(dayOf(dayAfter(from, -1))[1]).toBe(from);
  });
});
