import { expect, test } from 'vitest';
import { monthOf, monthOfNumber, periodOf, type Period } from './period';

const period = (id: string, from: string, until: string): Period => ({ id, from, until, final_from: until, stage: 'open', credit_notes: 0 });
const periods = [period('2', '2016-02-01T00:00:00Z', '2016-03-01T00:00:00Z'), period('1', '2016-01-01T00:00:00Z', '2016-02-01T00:00:00Z')];

test('a period is the calendar month it covers', () => {
  expect(periods.map(monthOf)).toEqual(['2016-02', '2016-01']);
  expect(periodOf(periods, '2016-01')?.id).toBe('1');
  expect(periodOf(periods, '2015-12')).toBeUndefined();
  expect([monthOfNumber(periods, 2), monthOfNumber(periods, 3)]).toEqual(['2016-02', undefined]);
});
