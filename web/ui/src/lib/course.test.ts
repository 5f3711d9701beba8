import { expect, test } from 'vitest';
import type { Alert } from './api';
import { courseOf } from './course';

const alert = (more: Partial<Alert>) =>
  ({ id: 'a', asset: 'x', site: 's', policy: 'R5', severity: 'high', status: 'closed', message: '', history: [], opened: '2026-11-21T08:00:00Z', ...more }) as Alert;

test('the course of an alert is in the order of time', () => {
  const course = courseOf(
    alert({
      history: [{ at: '2026-11-21T08:00:00Z', severity: 'medium' }, { at: '2026-11-21T09:00:00Z', severity: 'high' }],
      acknowledged: '2026-11-21T08:30:00Z',
      acknowledged_by: 'Samira',
      cleared: '2026-11-21T09:30:00Z',
      closed: '2026-11-21T10:00:00Z',
      ending: { how: 'person', by: 'Jonas', reason: 'belt' },
    }),
  );
  expect(course.map(({ what, severity, by, note }) => [what, severity ?? by, note].filter(Boolean).join(' '))).toEqual([
    'opened medium', 'ack Samira', 'severity high', 'cleared', 'closed Jonas belt',
  ]);
});

test('an alert that only knows when it began has begun', () => {
  expect(courseOf(alert({ status: 'open' }))).toEqual([{ what: 'opened', at: '2026-11-21T08:00:00Z', severity: 'high' }]);
});
