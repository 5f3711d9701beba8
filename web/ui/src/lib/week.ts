// Weeks as the ledger counts them: from Monday, 1969-12-29, in UTC.

const WEEK_MS = 7 * 86_400_000;
const FIRST_MS = -3 * 86_400_000;

export const weekOf = (ms: number) => Math.floor((ms - FIRST_MS) / WEEK_MS);

/** Its Monday. */
export const dayOfWeek = (week: number) => new Date(FIRST_MS + week * WEEK_MS);
