// A breach as a sentence in the language of the page, from what was measured and from the terms of the rule.

import type { Alert, Policy } from './api';
import { isolated, natural } from './bidi';
import { groundsOf, type Ground } from './course';
import { language } from './language.svelte';
import { partsOf, thresholdUnit, type Part } from './rules';
import type { SiteWords } from '../words/site.fr';

const signs = { plus: '+', minus: '−', times: '×', over: '÷' } as const;

export const figure = (value: number, unit: string | null | undefined) => isolated(`${language.figure(value)}${unit ? `\u00a0${unit}` : ''}`);

/** The unit of what a condition found. */
export const valueUnit = (rule: string, unit: string | null | undefined) => (rule === 'unusual' ? 'σ' : unit);

/** What a condition looks at: a metric, or two of them reckoned together. */
export function subject({ metric, operator, metric2 }: Pick<Part, 'metric' | 'operator' | 'metric2'>): string {
  const first = language.metric(metric);
  return metric2 && operator ? `${first} ${signs[operator]} ${language.metric(metric2)}` : first;
}

/** Why an alert was raised: a sentence for each condition that was met. */
export function sentence(words: SiteWords, alert: Alert, policy: Policy | undefined): string | null {
  const grounds = groundsOf(alert);
  if (grounds.length > 0) return grounds.map((ground) => told(words, ground)).join(' ');
  const { evidence } = alert;
  if (!evidence) return null;
  const parts = policy ? partsOf(policy).filter((part) => part.metric === evidence.metric) : [];
  const part = parts.find((it) => it.threshold === evidence.threshold) ?? parts[0];
  const condition: Part = { ...part, metric: evidence.metric, rule: part?.rule ?? 'threshold', condition: evidence.condition, threshold: evidence.threshold };
  return told(words, { condition, unit: evidence.unit ?? null, value: evidence.value, readings: evidence.samples });
}

function told(words: SiteWords, { condition, unit, value, readings }: Pick<Ground, 'condition' | 'unit' | 'value' | 'readings'>): string {
  const tell = words.told[condition.rule as keyof SiteWords['told']] ?? words.told.threshold;
  return tell({
    metric: subject(condition),
    value: `${condition.rule === 'unusual' && value > 0 ? '+' : ''}${figure(value, valueUnit(condition.rule, unit))}`,
    limit: figure(condition.threshold, thresholdUnit(condition.rule, unit)),
    than: words.than[condition.condition] ?? condition.condition,
    window: condition.window_minutes ? natural(language.duration(condition.window_minutes * 60)) : null,
    samples: condition.rule === 'consecutive' ? (condition.samples ?? readings) : readings,
  });
}
