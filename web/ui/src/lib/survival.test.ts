import { expect, test } from 'vitest';
import type { Survived, SurvivalCard } from './api';
import { spokenOf, steps, told } from './survival';
import { en as incident } from '../words/incident.en';
import { ar } from '../words/survival.ar';
import { en } from '../words/survival.en';
import { fr } from '../words/survival.fr';
import { nl } from '../words/survival.nl';

const survived: Survived = {
  too_few: false,
  part: 'pump',
  quantity: 'vibration',
  sign: 'vibration_7_1_11_2',
  age: null,
  machines: 12,
  first_year: 2025,
  last_year: 2026,
  horizons: [
    { days: 7, failed: 1, known: 12, runs_permille: 917, least_permille: 646, most_permille: 985 },
    { days: 30, failed: 2, known: 12, runs_permille: 833, least_permille: 552, most_permille: 953 },
    { days: 60, failed: 4, known: 12, runs_permille: 667, least_permille: 391, most_permille: 862 },
  ],
  headline: 2,
  hours: [],
  kept: 12,
};
const percent = (share: number) => `${Math.round(share * 100)} %`;

test('four of twelve are said in four languages, with how sure and of when', () => {
  const asked = { sign: 'vibration_7_1_11_2' };
  expect(told(survived, en, asked, percent)).toEqual([
    '4 of 12 similar pumps failed within 2 months at this vibration.',
    'Counting also those that were only seen for a while, 67 % still run after 2 months (between 39 % and 86 %).',
    '12 machines, alerts of 2025 to 2026.',
  ]);
  expect(told(survived, fr, asked, percent)[0]).toBe('Sur 12 pompes semblables, 4 ont eu une panne en 2 mois au plus à cette vibration.');
  expect(told(survived, nl, asked, percent)[0]).toBe('Van 12 gelijkaardige pompen vielen er 4 uit binnen 2 maanden bij deze trilling.');
  const arabic = told(survived, ar, asked, percent)[0] ?? '';
  expect(arabic).toContain('12');
  expect(arabic.startsWith('تعطّل')).toBe(true);
});

test('few machines get no number, and a wider group is named', () => {
  for (const words of [en, fr, nl, ar]) {
    const said = told({ ...survived, too_few: true, horizons: [] }, words, {}, percent);
    expect(said).toEqual([words.tooFew]);
  }
  const wider = told({ ...survived, sign: null }, en, { sign: 'vibration_7_1_11_2', age: '10_15' }, percent);
  expect(wider[0]).toBe('4 of 12 similar pumps failed within 2 months.');
  expect(wider.slice(3)).toEqual([en.anyLevel, en.anyAge]);
  const none = { ...survived, horizons: [{ ...survived.horizons[0]!, failed: 0 }], headline: 0 };
  expect(told(none, en, {}, percent)[0]).toBe('None of 12 similar pumps failed within a week at this vibration.');
});

test('the curve falls from all to what is left and never rises', () => {
  const places = steps(survived, 'runs_permille');
  expect(places[0]).toEqual([0, 0]);
  expect(places.at(-1)?.[0]).toBe(1);
  expect(places.at(-1)?.[1]).toBeCloseTo(0.333);
  expect(places.every(([x, y], at) => at === 0 || (x >= places[at - 1]![0] && y >= places[at - 1]![1]))).toBe(true);
});

test('each word of each list is there in four languages, and a card hides nothing', () => {
  const lists = ['parts', 'ages', 'hourBands', 'signs', 'afters', 'fates', 'spans', 'atThis'] as const;
  for (const words of [en, nl, ar]) {
    for (const list of lists) expect(Object.keys(words[list])).toEqual(Object.keys(fr[list]));
  }
  const card: SurvivalCard = { when: '', part: 'pump', age: '10_15', hours: 'unknown', sign: 'vibration_from_18', after: 'under_7', fate: 'failed' };
  const said = Object.fromEntries(spokenOf(card, en, incident));
  expect(said).toMatchObject({ Machine: 'Pump', Age: '10 to 15 years', 'Running hours': 'unknown', [en.when]: incident.unsaid });
  expect(Object.keys(said)).toHaveLength(Object.keys(card).length);
});
