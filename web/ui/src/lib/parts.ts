// Parts of the surplus that an organiser gives: per cent on the form, whole parts of a whole in the ledger.

export interface Parts {
  /** Members with a part, in whole parts. */
  parts: { member: string; weight: number }[];
  /** Parts given in all. */
  given: number;
  /** What is left for the grid; below zero where more is given than there is. */
  rest: number;
}

/** The whole parts that percentages come to, each to the nearest. */
export function partsOf(percents: Record<string, number | null | undefined>, whole: number): Parts {
  const parts = Object.entries(percents)
    .map(([member, percent]) => ({ member, weight: Math.round((Number(percent ?? 0) / 100) * whole) }))
    .filter(({ weight }) => weight > 0);
  const given = parts.reduce((sum, { weight }) => sum + weight, 0);
  return { parts, given, rest: whole - given };
}

/** The next midnight as a field of date and time holds it. */
export function nextMidnight(now: number): string {
  const next = new Date(now);
  next.setHours(24, 0, 0, 0);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${next.getFullYear()}-${two(next.getMonth() + 1)}-${two(next.getDate())}T00:00`;
}

/** The first slot that does not begin before a moment in such a field. */
export const slotFrom = (from: string, minutes: number) => Math.ceil(new Date(from).getTime() / (minutes * 60_000));
