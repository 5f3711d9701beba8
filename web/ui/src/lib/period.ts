// Billing periods by the names residents know: a period is a calendar month of UTC.
import type { Sharing } from './api';

export type Period = Sharing['periods'][number];

/** `2026-11` of a period: the month its middle lies in, whatever the clocks here say. */
export function monthOf({ from, until }: Pick<Period, 'from' | 'until'>): string {
  return new Date((Date.parse(from) + Date.parse(until)) / 2).toISOString().slice(0, 7);
}

/** The period of a month such as `2026-11`, if it is among those that are listed. */
export const periodOf = (periods: Period[], month: string): Period | undefined => periods.find((period) => monthOf(period) === month);

/** The month of a period by its number; none where it is not listed any more. */
export function monthOfNumber(periods: Period[], number: number): string | undefined {
  const found = periods.find((period) => period.id === String(number));
  return found && monthOf(found);
}
