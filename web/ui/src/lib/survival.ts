// What became of similar machines, in words, and where the steps of its curve lie.

import type { Survived, SurvivalCard } from './api';
import type { IncidentWords } from '../words/incident.fr';
import type { SurvivalWords } from '../words/survival.fr';

/** Sentences about similar machines; of too few, only why nothing is said. `part` writes a part of a whole. */
export function told(survived: Survived, s: SurvivalWords, asked: { sign?: string | null; age?: string | null }, part: (share: number) => string): string[] {
  const first = survived.horizons[survived.headline];
  if (survived.too_few || !first) return [s.tooFew];
  const span = s.spans[first.days] ?? '';
  const at = survived.sign && survived.quantity ? ` ${s.atThis[survived.quantity] ?? ''}` : '';
  const share = (permille: number) => part(permille / 1000);
  const years = [survived.first_year, survived.last_year].map((year) => (year ? String(year) : ''));
  return [
    `${s.failed(first.failed, first.known, survived.part, span)}${at}.`,
    s.runs(share(first.runs_permille), share(first.least_permille), share(first.most_permille), span),
    s.from(survived.machines, years[0] ?? '', years[1] ?? ''),
    ...(asked.sign && !survived.sign ? [s.anyLevel] : []),
    ...(asked.age && !survived.age ? [s.anyAge] : []),
  ];
}

/** Terms and values of a card, so that a preview hides nothing. */
export function spokenOf(card: SurvivalCard, s: SurvivalWords, i: IncidentWords): [string, string][] {
  return [
    [s.part, s.parts[card.part] ?? card.part],
    [s.sign, s.signs[card.sign] ?? card.sign],
    [s.age, s.ages[card.age] ?? card.age],
    [s.hours, s.hourBands[card.hours] ?? card.hours],
    [s.fate, s.fates[card.fate] ?? card.fate],
    [s.after, s.afters[card.after] ?? card.after],
    [s.when, card.when || i.unsaid],
  ];
}

/** The curve as a path: all run at first, and at each time some fewer. Places are parts of width and height, from the top
 * left. Time is drawn by its square root, so that the first weeks are not squeezed. */
export function steps(survived: Survived, of: 'runs_permille' | 'least_permille' | 'most_permille'): [number, number][] {
  const last = survived.horizons.at(-1)?.days ?? 1;
  let level = 0;
  const places: [number, number][] = [[0, 0]];
  for (const one of survived.horizons) {
    const x = Math.sqrt(one.days / last);
    places.push([x, level]);
    level = 1 - one[of] / 1000;
    places.push([x, level]);
  }
  return places;
}
