// How an alert went on: opened, graver or milder, acknowledged, closed; in the order of time.

import type { Alert, Severity } from './api';

export interface CourseEvent {
  what: 'opened' | 'severity' | 'ack' | 'closed';
  at: string;
  severity?: Severity;
  by?: string | null;
  note?: string | null;
}

/** What a node may tell of an alert beyond the list. */
export interface Told {
  severities?: { at: string; severity: Severity }[] | null;
  acknowledged_by?: string | null;
  closed_by?: string | null;
  reason?: string | null;
}

export function courseOf(alert: Alert & Told): CourseEvent[] {
  const steps = [...(alert.severities ?? [])].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const opened: CourseEvent = { what: 'opened', at: alert.opened, severity: steps[0]?.severity ?? alert.severity };
  const later = steps.slice(1).map(({ at, severity }): CourseEvent => ({ what: 'severity', at, severity }));
  const events = [opened, ...later];
  if (alert.acknowledged) events.push({ what: 'ack', at: alert.acknowledged, by: alert.acknowledged_by ?? null });
  if (alert.closed) events.push({ what: 'closed', at: alert.closed, by: alert.closed_by ?? null, note: alert.reason ?? null });
  return events.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}
