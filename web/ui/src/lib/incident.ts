// What a card says, word by word, in the order in which people read it.

import type { Card } from './api';
import type { IncidentWords } from '../words/incident.fr';
import type { LearnWords } from '../words/learn.fr';

/** Terms and values of a card; what it does not say is told as not said, so that a preview hides nothing. */
export function spoken(card: Card, i: IncidentWords, l: LearnWords, month: (text: string) => string): [string, string][] {
  const { region, built, lots, heating } = card.stratum;
  const building = [region && l.regions[region], built && l.builts[built], lots && l.lots[lots], heating && l.heatings[heating]].filter(Boolean).join(', ');
  return [
    [i.system, i.systems[card.system] ?? card.system],
    [i.symptom, i.symptoms[card.symptom] ?? card.symptom],
    ...(card.flow ? [[i.flow, i.flows[card.flow] ?? card.flow] as [string, string]] : []),
    [i.cause, i.causes[card.cause] ?? card.cause],
    [i.remedy, i.remedies[card.remedy] ?? card.remedy],
    [i.outcome, i.outcomes[card.outcome] ?? card.outcome],
    [i.cost, i.costs[card.cost] ?? card.cost],
    [i.span, i.spans[card.span] ?? card.span],
    [i.severity, i.severities[card.severity] ?? card.severity],
    [i.when, card.when ? month(card.when) : i.unsaid],
    [i.building, building || i.everybody],
    [i.contractor, card.contractor ?? i.unsaid],
    ...(card.rating ? [[i.rating, i.ratings[card.rating] ?? card.rating] as [string, string]] : []),
  ];
}
