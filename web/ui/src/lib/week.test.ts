import { describe, expect, it } from 'vitest';
import { dayOfWeek, weekOf } from './week';

describe('weeks of the ledger', () => {
  it('begin on Mondays in UTC', () => {
    expect(weekOf(Date.parse('1969-12-29T00:00:00Z'))).toBe(0);
    expect(weekOf(Date.parse('1970-01-04T23:59:59Z'))).toBe(0);
    expect(weekOf(Date.parse('1970-01-05T00:00:00Z'))).toBe(1);
    const week = weekOf(Date.parse('2026-11-22T08:00:00Z'));
    expect(dayOfWeek(week).toISOString()).toBe('2026-11-16T00:00:00.000Z');
    expect(weekOf(dayOfWeek(week).getTime() - 1)).toBe(week - 1);
  });
});
