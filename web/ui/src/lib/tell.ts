// A breach as a sentence in the language of the page, from what was measured and from the terms of the rule.

import type { Alert, Policy } from './api';
import { isolated } from './bidi';
import { language } from './language.svelte';
import { partsOf, type Part } from './rules';
import type { SiteWords } from '../words/site.fr';

export const figure = (value: number, unit: string | null | undefined) => isolated(`${language.figure(value)}${unit ? `\u00a0${unit}` : ''}`);

/** The condition which the evidence is about. */
export function partOf(alert: Alert, policy: Policy | undefined): Part | undefined {
  const metric = alert.evidence?.metric;
  const parts = policy ? partsOf(policy) : [];
  return parts.find((part) => part.metric === metric && part.threshold === alert.evidence?.threshold) ?? parts.find((part) => part.metric === metric);
}

export function sentence(words: SiteWords, alert: Alert, policy: Policy | undefined): string | null {
  const { evidence } = alert;
  if (!evidence) return null;
  const part = partOf(alert, policy);
  const rule = (part?.rule ?? 'threshold') as keyof SiteWords['told'];
  const tell = words.told[rule] ?? words.told.threshold;
  return tell({
    metric: language.metric(evidence.metric),
    value: figure(evidence.value, evidence.unit),
    limit: figure(evidence.threshold, evidence.unit),
    than: words.than[evidence.condition] ?? evidence.condition,
    window: part?.window_minutes ? isolated(language.duration(part.window_minutes * 60)) : null,
    samples: evidence.samples,
  });
}
