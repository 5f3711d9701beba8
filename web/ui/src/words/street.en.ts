import { counting } from './count';
import type { StreetWords } from './street.fr';

const { count } = counting('en');

export const en: StreetWords = {
  title: 'In the street',
  lead: 'Several buildings noticed the same. Neither how many nor which is ever said.',
  kinds: {
    water_pressure: 'Water pressure is low in several buildings.',
    water_loss: 'Water is being lost in several buildings.',
    power_dip: 'Voltage or power dips in several buildings.',
    heat: 'It is too hot in several buildings.',
    cold: 'It is too cold in several buildings.',
    high_use: 'Several buildings use more than usual.',
  },
  what: {
    water_pressure: 'The cause probably lies outside the building: call the water company before the plumber.',
    water_loss: 'A leak or a pipe in the street is possible: tell the water company, and look at the meter at night.',
    power_dip: 'Tell the grid operator; check lift and pumps once the power is back.',
    heat: 'Air the rooms at night, lower the blinds, think of elderly neighbours.',
    cold: 'Protect pipes from frost, and think of elderly neighbours.',
    high_use: 'If nothing is urgent, wait an hour with washing and charging.',
  },
  names: { water_pressure: 'water pressure', water_loss: 'water loss', power_dip: 'power dip', heat: 'heat', cold: 'cold', high_use: 'high use' },
  between: (from, until) => `From ${from} to ${until}`,
  earlier: 'Earlier',
  none: 'Nothing that several buildings share at the moment.',
  needed: (n) => `The street is told when ${count(n, { one: '# building signals', other: '# buildings signal' })} the same.`,
  tooSmall: 'The neighbourhood is too small to be told without anybody guessing whom it is about.',
  notPart: 'This building signals nothing itself.',
  partLink: 'Choose what may leave',
  allow: { incident_card: 'Let cards leave', survival: 'Let what became of machines leave', street_signal: 'Signal what is noticed', enquiry: 'Let questions leave', enquiry_reply: 'Let replies leave' },
  switched: (on) => (on ? 'Noted: it may leave.' : 'Noted: nothing of it leaves any more.'),
  refused: (why) => `Refused: ${why}`,
  choose: 'Choose above',
};
