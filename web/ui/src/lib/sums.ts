// Decisions about sums over many buildings: in a sentence, and from what somebody fills in.

import { learnWords } from '../words/learn';
import { sumsWords } from '../words/sums';
import type { SumDecision } from './api';
import { language } from './language.svelte';

export type SumMeasure = 'consumption' | 'production' | 'peak';
export type SumCadence = 'week' | 'month';

/** What a dwelling counts with at most, in kWh or kW, where nobody says otherwise: about the double of a large one. */
export const CLIPS: Record<SumMeasure, Record<SumCadence, number>> = {
  consumption: { week: 150, month: 600 },
  production: { week: 150, month: 600 },
  peak: { week: 10, month: 10 },
};
/** The least numbers of buildings and dwellings that a hive may ask for. */
export const LEAST = { buildings: 10, dwellings: 100 };

export const unitOf = (measure: SumMeasure) => (measure === 'peak' ? 'kW' : 'kWh');

/** A decision in a sentence. */
export function summed(what: SumDecision, nameOf: (member: string) => string): string {
  const [s, l] = [sumsWords(), learnWords()];
  if (what.what === 'desks') return s.desksOf(what.desks.map((desk) => nameOf(desk.authority)).join(', '));
  const [measure, cadence] = [l.measures[what.measure] ?? what.measure, l.cadences[what.cadence] ?? what.cadence];
  if (what.what === 'stop') return s.stopped(measure, cadence);
  const clip = `${language.figure(what.clip / 1000)} ${unitOf(what.measure)}`;
  return s.asked(measure, cadence, clip, language.number(what.buildings_min), language.number(what.dwellings_min));
}
