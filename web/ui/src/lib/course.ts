// How an alert went on: opened, graver or milder, seen, over, closed; in the order of time.

import type { Alert, Severity } from './api';
import type { Part } from './rules';

export type EndingKind = 'person' | 'work_order' | 'quiet';

/** What a node tells of an alert beyond its first values; absent on one that never noted it. */
export interface Told {
  policy_version?: number | null;
  cleared?: string | null;
  history?: { at: string; severity: Severity }[];
  acknowledged_by?: string | null;
  ending?: { how: EndingKind; by?: string | null; reason?: string | null } | null;
}

/** A condition that was met, and what it rested on. */
export interface Ground {
  condition: Part;
  unit?: string | null;
  value: number;
  from: string;
  to: string;
  readings: number;
  last: { t: string; v: number }[];
}

export interface CourseEvent {
  what: 'opened' | 'severity' | 'ack' | 'cleared' | 'closed';
  at: string;
  severity?: Severity;
  how?: EndingKind;
  by?: string | null;
  note?: string | null;
}

export function courseOf(alert: Alert & Told): CourseEvent[] {
  const steps = [...(alert.history ?? [])].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const events: CourseEvent[] = [{ what: 'opened', at: alert.opened, severity: steps[0]?.severity ?? alert.severity }];
  for (const { at, severity } of steps.slice(1)) events.push({ what: 'severity', at, severity });
  if (alert.acknowledged) events.push({ what: 'ack', at: alert.acknowledged, by: alert.acknowledged_by ?? null });
  if (alert.cleared) events.push({ what: 'cleared', at: alert.cleared });
  const { ending } = alert;
  if (alert.closed) events.push({ what: 'closed', at: alert.closed, ...(ending && { how: ending.how, by: ending.by ?? null, note: ending.reason ?? null }) });
  return events.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** Each condition that was met; of an alert that only noted the first, that one. */
export function groundsOf(alert: Alert): Ground[] {
  const evidence = alert.evidence as (Alert['evidence'] & { conditions?: Ground[] }) | null | undefined;
  return evidence?.conditions ?? [];
}
