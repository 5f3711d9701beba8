// What the policies say about one metric of one asset: for the lines in its chart and the bar beside its value.

import type { Asset, Last, Policy, Severity } from './api';

/** One comparison of a policy, with what the node fills in. Policies are alternatives of conditions which hold together. */
export interface Part {
  metric: string;
  operator?: 'plus' | 'minus' | 'times' | 'over' | null;
  metric2?: string | null;
  rule: string;
  condition: string;
  threshold: number;
  clear_threshold?: number | null;
  window_minutes?: number | null;
  samples?: number | null;
  unit?: string | null;
}

/** A threshold as a line in a chart. */
export interface Limit {
  value: number;
  condition: string;
  unit: string | null;
  severity: Severity;
  /** Where the alert ends again rather than where it begins. */
  clears: boolean;
}

const LIMITS_MAX = 4;
const order = { high: 0, medium: 1, low: 2 };

export function partsOf(policy: Policy): Part[] {
  return groupsOf(policy).flat();
}

export function groupsOf(policy: Policy): Part[][] {
  if (!policy.groups?.length) return [[policy]];
  // Each condition has a unit of its own, which stands beside the conditions.
  return (policy.groups as Part[][]).map((group, g) => group.map((part, i) => ({ ...part, unit: policy.units?.[g]?.[i] ?? null })));
}

/** Whether a rule holds readings against those before them: its threshold is no reading then. */
export const comparesItself = (rule: string) => rule === 'unusual' || rule === 'record';

/** The unit of what a rule compares with its threshold. */
export const thresholdUnit = (rule: string, unit: string | null | undefined) => (rule === 'unusual' ? 'σ' : rule === 'record' ? '%' : unit);

export function rulesFor(policies: Policy[], asset: Asset, metric?: string): Policy[] {
  return policies.filter(
    (policy) => policy.asset_kind === asset.kind && (metric === undefined || partsOf(policy).some((part) => part.metric === metric)),
  );
}

/** Whether a threshold can be drawn beside the metric's own values: running counters count from their last reset. */
const drawable = (part: Part, metric: string) =>
  part.metric === metric && !part.metric2 && part.rule !== 'runtime' && part.rule !== 'rate_of_change' && part.rule !== 'no_data' && !comparesItself(part.rule);

/** The lines for a metric's chart, the most severe first; no line twice. */
export function limitsFor(policies: Policy[], asset: Asset, metric: string): Limit[] {
  const limits = rulesFor(policies, asset, metric)
    .filter((policy) => policy.enabled)
    .flatMap((policy) => partsOf(policy).filter((part) => drawable(part, metric)).flatMap((part) => linesOf(part, policy)))
    .sort((a, b) => Number(a.clears) - Number(b.clears) || order[a.severity] - order[b.severity]);
  return limits.filter((limit, index) => limits.findIndex(({ value }) => value === limit.value) === index).slice(0, LIMITS_MAX);
}

function linesOf(part: Part, { severity }: Policy): Limit[] {
  const line = { condition: part.condition, unit: part.unit ?? null, severity };
  const clear = part.clear_threshold;
  const fires = { ...line, value: part.threshold, clears: false };
  return clear === null || clear === undefined || clear === part.threshold ? [fires] : [fires, { ...line, value: clear, clears: true }];
}

/** The rule whose threshold is shown beside the metric's last value. */
export function drawnRule(policies: Policy[], asset: Asset, metric: string): Policy | undefined {
  const values = rulesFor(policies, asset, metric).filter((policy) => policy.enabled && policy.metric === metric);
  return values.sort((a, b) => order[a.severity] - order[b.severity]).find((policy) => drawable(policy, metric));
}

/** How near a value is to its threshold, 0 to 1; nothing when the rule is about falling below. */
export function nearness(policy: Policy | undefined, value: number | null | undefined): number | undefined {
  if (!policy || value === null || value === undefined || policy.threshold <= 0 || policy.condition.startsWith('<')) return undefined;
  return Math.max(0, Math.min(1, value / policy.threshold));
}

/** The value that matters most on a small row: one with a rule, or else the first. */
export function leading(policies: Policy[], asset: Asset): Last | undefined {
  return asset.last.find((value) => drawnRule(policies, asset, value.metric)) ?? asset.last[0];
}

/** An id short enough to read aloud. */
export const shortId = (id: string) => (id.length > 12 ? id.slice(0, 8) : id);

/** What tells assets of one kind apart: the last part of the code, when it is a number. */
export function numberOf(code: string): string {
  return /_(\d+)$/.exec(code)?.[1] ?? '';
}
