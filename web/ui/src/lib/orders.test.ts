import { expect, test } from 'vitest';
import type { Order } from './api';
import { byPriority, namesIn } from './orders';

const order = (id: string, severity: Order['severity'], status: Order['status'], created: string, more: Partial<Order> = {}) =>
  ({ id, severity, status, created, local: true, asset_kind: 'HVAC', building: 'b', ...more }) as Order;

test('grave before slight, waiting longest first, done last with the newest on top', () => {
  const orders = [
    order('done-old', 'high', 'done', '2026-11-01T08:00:00Z', { closed: '2026-11-02T08:00:00Z' }),
    order('low', 'low', 'open', '2026-11-01T08:00:00Z'),
    order('high-new', 'high', 'open', '2026-11-03T08:00:00Z'),
    order('high-old', 'high', 'open', '2026-11-02T08:00:00Z'),
    order('high-going', 'high', 'in_progress', '2026-11-04T08:00:00Z'),
    order('done-new', 'low', 'done', '2026-11-01T08:00:00Z', { closed: '2026-11-05T08:00:00Z' }),
  ];
  expect(orders.sort(byPriority).map(({ id }) => id)).toEqual(['high-going', 'high-old', 'high-new', 'low', 'done-new', 'done-old']);
});

test('each name once', () => {
  const names = ['Samira', null, 'Jonas', 'Samira', ''].map((assignee, at) => order(String(at), 'low', 'open', '', { assignee }));
  expect(namesIn(names)).toEqual(['Jonas', 'Samira']);
});
