// Decisions about energy in a sentence.

import { sharingWords } from '../words/sharing';
import type { EnergyDecision, Sharing, SharingRule } from './api';
import { language } from './language.svelte';
import { perKwh } from './money';

export function ruled(rule: SharingRule): string {
  const name = sharingWords().ruleNames[rule.rule];
  return 'factor' in rule && rule.factor ? `${name} · k = ${language.number(rule.factor.num / rule.factor.den)}` : name;
}

export function decided(what: EnergyDecision, sharing: Pick<Sharing, 'slot_minutes' | 'nearness'>, nameOf: (member: string) => string): string {
  const s = sharingWords();
  const at = (slot: number) => s.fromThen(language.brief(slot * sharing.slot_minutes * 60_000));
  switch (what.what) {
    case 'share':
      return [ruled(what.rule), ...(what.rule.rule === 'full_dynamic' ? [`${language.colon(s.organiser)} ${nameOf(what.rule.organiser)}`] : []), at(what.from_slot)].join(', ');
    case 'charge':
      return `${s.retail} ${perKwh(what.retail)}, ${s.feedIn} ${perKwh(what.feed_in)}, ${s.fee} ${perKwh(what.fees[sharing.nearness])}, ${at(what.from_slot)}`;
    case 'cut':
      return s.minutes(what.minutes);
    case 'place':
      return s.nearness[what.nearness];
    case 'settle':
      return what.desks.map((desk) => nameOf(desk.authority)).join(', ');
    case 'mint':
      return `1 NRG, ${what.grams_per_kwh} g CO₂e / kWh · ${what.baseline}`;
  }
}
