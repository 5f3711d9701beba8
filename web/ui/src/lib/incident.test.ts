import { expect, test } from 'vitest';
import type { Card } from './api';
import { spoken } from './incident';
import { ar } from '../words/incident.ar';
import { en } from '../words/incident.en';
import { fr } from '../words/incident.fr';
import { nl } from '../words/incident.nl';
import { en as learn } from '../words/learn.en';

const card: Card = {
  when: '2026-08',
  system: 'water_riser',
  symptom: 'leak',
  cause: 'worn_seal',
  remedy: 'part_replaced',
  severity: 'medium',
  flow: '5_20',
  cost: '100_200',
  span: '1_2h',
  outcome: 'solved',
  stratum: { region: 'brussels', built: '1971_1985', lots: null, heating: null },
  contractor: 'BE0202239951',
  rating: 'good',
};

test('a card is told word by word, and what it does not say is told as not said', () => {
  const told = Object.fromEntries(spoken(card, en, learn, (month) => month));
  expect(told).toMatchObject({ Installation: 'Water riser', Loss: '5 to 20 L/h', 'Similar buildings': 'Brussels, 1971–85', Company: 'BE0202239951', Satisfaction: 'Content' });
  const bare = spoken({ ...card, when: '', flow: null, contractor: null, rating: null, stratum: {} }, en, learn, (month) => month);
  expect(bare.find(([term]) => term === en.when)?.[1]).toBe(en.unsaid);
  expect(bare.find(([term]) => term === en.building)?.[1]).toBe(en.everybody);
  expect(bare.some(([term]) => term === en.flow || term === en.rating)).toBe(false);
});

test('each word of each list is there in four languages', () => {
  const lists = ['systems', 'symptoms', 'flows', 'causes', 'remedies', 'costs', 'spans', 'outcomes', 'ratings', 'severities', 'told'] as const;
  for (const words of [en, nl, ar]) {
    for (const list of lists) expect(Object.keys(words[list])).toEqual(Object.keys(fr[list]));
  }
});
