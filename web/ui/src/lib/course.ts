// How an alert went on: opened, graver or milder, seen, over, closed; in the order of time.

import type { Alert, Ending, MetCondition, Severity } from './api';
import type { Part } from './rules';

/** A condition that was met, and what it rested on. */
export type Ground = Omit<MetCondition, 'condition'> & { condition: Part };

export interface CourseEvent {
  what: 'opened' | 'severity' | 'ack' | 'cleared' | 'closed';
  at: string;
  severity?: Severity;
  how?: Ending['how'];
  by?: string | null;
  note?: string | null;
}

export function courseOf(alert: Alert): CourseEvent[] {
  const steps = [...alert.history].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const events: CourseEvent[] = [{ what: 'opened', at: alert.opened, severity: steps[0]?.severity ?? alert.severity }];
  for (const { at, severity } of steps.slice(1)) events.push({ what: 'severity', at, severity });
  if (alert.acknowledged) events.push({ what: 'ack', at: alert.acknowledged, by: alert.acknowledged_by ?? null });
  if (alert.cleared) events.push({ what: 'cleared', at: alert.cleared });
  const { ending } = alert;
  if (alert.closed) events.push({ what: 'closed', at: alert.closed, ...(ending && { how: ending.how, by: ending.by ?? null, note: ending.reason ?? null }) });
  return events.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** Each condition that was met; none of an alert that only noted the first. */
export const groundsOf = ({ evidence }: Alert): Ground[] => (evidence?.conditions ?? []) as Ground[];
