// What the policies say about one metric of one asset: for the line in its chart and the bar beside its value.

import type { Asset, Last, Policy } from './api';

export function rulesFor(policies: Policy[], asset: Asset, metric?: string): Policy[] {
  return policies.filter((policy) => policy.asset_kind === asset.kind && (metric === undefined || policy.metric === metric));
}

/** The rule whose threshold can be drawn beside the metric's own values. Running counters count from their last reset. */
export function drawnRule(policies: Policy[], asset: Asset, metric: string): Policy | undefined {
  const values = rulesFor(policies, asset, metric).filter((policy) => policy.enabled);
  return values.find((policy) => policy.rule !== 'runtime' && policy.rule !== 'rate_of_change');
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
