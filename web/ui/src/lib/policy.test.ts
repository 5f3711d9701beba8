import { expect, test } from 'vitest';
import type { Policy } from './api';
import { groupsOf, thresholdUnit } from './rules';
import { asks, draftOf, groupsText, newDraft, newPart, partText, ready, tidied, type Style } from './policy';
import { en } from '../words/policy.en';
import { fr } from '../words/policy.fr';

/** Without the marks that keep a value in order. */
const plain = (text: string) => text.replace(/[\u2066\u2069]/g, '');
const style: Style = { number: String, metric: (name) => name.replaceAll('_', ' '), duration: (s) => `${s / 60} min` };
const hot = { ...newPart('motor_temp'), rule: 'consecutive', threshold: 80, samples: 5, window_minutes: null, unit: '°C' };

test('a rule reads as a sentence', () => {
  expect(plain(groupsText([[hot]], en, style))).toBe('motor temp is above 80 °C in 5 readings in a row');
  const cold = { ...newPart('a'), operator: 'minus' as const, metric2: 'b', condition: '<', threshold: 8.6, unit: 'K' };
  expect(plain(groupsText([[cold, hot], [{ ...newPart('c'), rule: 'no_data', window_minutes: 60 }]], en, style))).toBe(
    'the mean of a minus b over 15 min is below 8.6 K and motor temp is above 80 °C in 5 readings in a row; or c has not reported for 60 min',
  );
  expect(plain(groupsText([[{ ...hot, clear_threshold: 75 }]], fr, style))).toBe(
    'motor temp est au-dessus de 80 °C dans 5 relevés de suite (fini à 75 °C)',
  );
});

test('a condition keeps what its rule asks for and nothing else', () => {
  expect(tidied({ ...hot, window_minutes: 15, operator: 'plus', metric2: '' })).toEqual({
    ...newPart('motor_temp'), rule: 'consecutive', threshold: 80, samples: 5, window_minutes: null,
  });
  expect(tidied({ ...newPart('a'), rule: 'no_data', threshold: 9, samples: 3, clear_threshold: 2 })).toMatchObject({
    threshold: 0, samples: null, clear_threshold: null, window_minutes: 15,
  });
});

test('a rule with one condition of an earlier release becomes one group', () => {
  const old = { asset_kind: 'HVAC', metric: 'x', rule: 'threshold', condition: '>', threshold: 1, window_minutes: 15, samples: null, severity: 'low', message: 'm', description: '', work_order: false, enabled: true } as unknown as Policy;
  expect(draftOf(old).groups).toEqual([[{ ...newPart('x'), threshold: 1 }]]);
  expect(draftOf(old)).toMatchObject({ escalate: [], clear_after_minutes: null, downgrade_after_minutes: null });
});

test('what is sent has no spaces around its message', () => {
  expect(ready({ ...newDraft('x'), message: '  hot  ' }).message).toBe('hot');
});

test('each condition has the unit of its own metric', () => {
  const two = [{ ...newPart('motor_temp'), threshold: 80 }, { ...newPart('current_a'), threshold: 6 }];
  const policy = { groups: [two], units: [['°C', 'A']], unit: '°C' } as unknown as Policy;
  expect(plain(groupsText(groupsOf(policy), en, style))).toBe(
    'the mean of motor temp over 15 min is above 80 °C and the mean of current a over 15 min is above 6 A',
  );
});

test('rules that know no limit have a threshold of their own kind, and no comparison', () => {
  const odd = { ...newPart('motor_temp'), rule: 'unusual', threshold: 6.4, condition: '<', window_minutes: 15, samples: 3 };
  expect(tidied(odd)).toMatchObject({ condition: '>', threshold: 6.4, window_minutes: null, samples: null, clear_threshold: null });
  expect(asks('record')).toMatchObject({ threshold: true, comparison: false, clear: false });
  expect(plain(partText(odd, en, style))).toBe('motor temp leaves its usual course by more than 6.4 standard deviations');
  expect([thresholdUnit('unusual', '°C'), thresholdUnit('record', '°C'), thresholdUnit('threshold', '°C')]).toEqual(['σ', '%', '°C']);
});
