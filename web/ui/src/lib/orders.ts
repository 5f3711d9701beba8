// Which work order comes first: what matters more, then what waits longer.

import type { Order } from './api';

const weight = { high: 0, medium: 1, low: 2 };
const stage = { in_progress: 0, open: 1, done: 2 };

export const byPriority = (a: Order, b: Order) =>
  Number(a.status === 'done') - Number(b.status === 'done') ||
  (a.status === 'done'
    ? Date.parse(b.closed ?? b.created) - Date.parse(a.closed ?? a.created)
    : weight[a.severity] - weight[b.severity] || stage[a.status] - stage[b.status] || Date.parse(a.created) - Date.parse(b.created));

/** Names that work was given to before: the likely ones for the next. */
export function namesIn(orders: Order[]): string[] {
  return [...new Set(orders.map((order) => order.assignee).filter((name) => typeof name === 'string' && name !== ''))].sort() as string[];
}
