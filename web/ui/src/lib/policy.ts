// A rule as it is written: its conditions, what it says in words, and the form it is edited in.

import { ask, get, type Page, type Policy, type Severity } from './api';
import { comparesItself, groupsOf, type Part } from './rules';
import type { PolicyWords } from '../words/policy.fr';

export interface Step {
  after_minutes: number;
  severity: Severity;
}

/** What the node takes for a new rule, or for trying one. */
export interface Draft {
  asset_kind: Policy['asset_kind'];
  groups: Part[][];
  severity: Severity;
  message: string;
  description: string;
  work_order: boolean;
  enabled: boolean;
  clear_after_minutes: number | null;
  escalate: Step[];
  downgrade_after_minutes: number | null;
}

export interface DryRun {
  fired: number;
  assets: { asset: string; fired: number; minutes: number }[];
  firings: { asset: string; from: string; to?: string | null; severity: Severity; sentence: string }[];
  rows_read: number;
  from: string;
  to: string;
  truncated: boolean;
  warnings: { code: string; text: string }[];
}

export interface Version {
  id: string;
  version: number;
  at: string;
  by?: string | null;
  terms: Policy;
}

export interface Imported {
  created: string[];
  changed: string[];
  unchanged: string[];
}

export const GROUPS_MAX = 8;
export const CONDITIONS_MAX = 8;
export const STEPS_MAX = 4;
export const KINDS = ['HVAC', 'CHILLER', 'ELEVATOR', 'METER'] as const;
export const RULES = ['threshold', 'consecutive', 'count', 'rate_of_change', 'runtime', 'no_data', 'unusual', 'record'] as const;
export const SIGNS = ['>', '>=', '<', '<='] as const;
export const OPERATORS = ['plus', 'minus', 'times', 'over'] as const;

/** What a rule that holds readings against those before them starts with: standard deviations, and percent of the range. */
export const usualThreshold = (rule: string): number | null => (rule === 'unusual' ? 6.4 : rule === 'record' ? 2 : null);

/** Which fields a rule asks for. */
export const asks = (rule: string) => ({
  threshold: rule !== 'no_data',
  comparison: rule !== 'no_data' && !comparesItself(rule),
  window: rule === 'threshold' || rule === 'rate_of_change' || rule === 'count' || rule === 'no_data',
  windowNeeded: rule === 'rate_of_change' || rule === 'count' || rule === 'no_data',
  samples: rule === 'threshold' || rule === 'consecutive' || rule === 'count',
  clear: rule === 'threshold' || rule === 'consecutive' || rule === 'rate_of_change',
});

type More = Partial<Pick<Draft, 'clear_after_minutes' | 'escalate' | 'downgrade_after_minutes'>>;

export function draftOf(policy: Policy): Draft {
  const more = policy as Policy & More;
  return {
    asset_kind: policy.asset_kind,
    groups: groupsOf(policy).map((group) => group.map(tidied)),
    severity: policy.severity,
    message: policy.message,
    description: policy.description,
    work_order: policy.work_order,
    enabled: policy.enabled,
    clear_after_minutes: more.clear_after_minutes ?? null,
    escalate: more.escalate ?? [],
    downgrade_after_minutes: more.downgrade_after_minutes ?? null,
  };
}

export function newDraft(metric: string): Draft {
  return {
    asset_kind: 'HVAC',
    groups: [[newPart(metric)]],
    severity: 'medium',
    message: '',
    description: '',
    work_order: true,
    enabled: true,
    clear_after_minutes: 30,
    escalate: [],
    downgrade_after_minutes: null,
  };
}

export const newPart = (metric: string): Part => ({
  metric,
  operator: null,
  metric2: null,
  rule: 'threshold',
  condition: '>',
  threshold: 0,
  clear_threshold: null,
  window_minutes: 15,
  samples: null,
});

/** Only the fields that a condition has, and only those its rule asks for. */
export function tidied(part: Part): Part {
  const { window, samples, clear, comparison, threshold } = asks(part.rule);
  const combined = part.operator && part.metric2;
  return {
    metric: part.metric,
    operator: combined ? part.operator! : null,
    metric2: combined ? part.metric2! : null,
    rule: part.rule,
    condition: comparison || !threshold ? part.condition : '>',
    threshold: threshold ? part.threshold : 0,
    clear_threshold: clear ? (part.clear_threshold ?? null) : null,
    window_minutes: window ? (part.window_minutes ?? null) : null,
    samples: samples ? (part.samples ?? null) : null,
  };
}

/** As it is sent: an emptied field is none. */
export const ready = (draft: Draft): Draft => ({
  ...draft,
  message: draft.message.trim(),
  groups: draft.groups.map((group) => group.map(tidied)),
  clear_after_minutes: draft.clear_after_minutes ?? null,
  downgrade_after_minutes: draft.downgrade_after_minutes ?? null,
});

export const policies = () => get<Page<Policy>>('/api/v1/policies?limit=1000');
export const create = (draft: Draft) => ask<Policy>('POST', '/api/v1/policies', ready(draft));
export function change(id: string, draft: Draft) {
  const { asset_kind: _, ...terms } = ready(draft);
  return ask<Policy>('PATCH', `/api/v1/policies/${encodeURIComponent(id)}`, terms);
}
export const remove = (id: string) => ask<void>('DELETE', `/api/v1/policies/${encodeURIComponent(id)}`);
export const versions = (id: string) => get<Page<Version>>(`/api/v1/policies/${encodeURIComponent(id)}/versions`);
export const dryRun = (draft: Draft, from: Date, to: Date) =>
  ask<DryRun>('POST', '/api/v1/policies/dry-run', { policy: ready(draft), from: from.toISOString(), to: to.toISOString() });

/** How numbers, metrics and durations are written in the language of the moment. */
export interface Style {
  number: (value: number) => string;
  metric: (name: string) => string;
  duration: (seconds: number) => string;
}

/** A condition as a sentence without its capital. */
export function partText(part: Part, words: PolicyWords, style: Style, unit = part.unit): string {
  const { metric, operator, metric2 } = part;
  const quantity = operator && metric2 ? `${style.metric(metric)} ${words.ops[operator]} ${style.metric(metric2)}` : style.metric(metric);
  // Kept in order inside a text that runs from right to left.
  const value = (number: number) => `\u2066${style.number(number)}${unit ? ` ${unit}` : ''}\u2069`;
  const [sign, threshold] = [words.cmp[part.condition] ?? part.condition, value(part.threshold)];
  const window = style.duration((part.window_minutes ?? 0) * 60);
  const texts: Record<string, () => string> = {
    threshold: () => (part.window_minutes ? words.mean(quantity, sign, threshold, window) : words.last(quantity, sign, threshold, part.samples ?? 1)),
    runtime: () => words.runtime(quantity, sign, threshold),
    rate_of_change: () => words.rate(quantity, sign, threshold, window),
    count: () => words.count(quantity, sign, threshold, part.samples ?? 1, window),
    consecutive: () => words.row(quantity, sign, threshold, part.samples ?? 2),
    no_data: () => words.silence(quantity, window),
    unusual: () => words.unusual(quantity, style.number(part.threshold)),
    record: () => words.record(quantity, style.number(part.threshold)),
  };
  const clear = part.clear_threshold;
  return (texts[part.rule]?.() ?? part.rule) + (clear === null || clear === undefined ? '' : ` (${words.clears(value(clear))})`);
}

/** All conditions: alternatives of things that hold together. */
export const groupsText = (groups: Part[][], words: PolicyWords, style: Style) =>
  groups.map((group) => group.map((part) => partText(part, words, style)).join(words.and)).join(words.or);
