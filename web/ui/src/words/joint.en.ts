import { counting } from './count';
import type { JointWords } from './joint.fr';

const { count, number } = counting('en');

export const en: JointWords = {
  title: 'Questions to several buildings',
  lead: 'Each building votes in its own assembly, by its own law. Then buildings are counted.',
  needed: 'Needs',
  rules: { all: 'all buildings', majority: 'more than half of the buildings', 'two-thirds': 'two thirds of the buildings', 'four-fifths': 'four fifths of the buildings' },
  standings: { open: 'under way', adopted: 'adopted', refused: 'refused' },
  waiting: 'not decided yet',
  weToo: 'this building too',
  counted: (adopted, asked) => `${number(adopted)} of ${count(asked, { one: '# building', other: '# buildings' })} adopted it.`,
  answers: (n) => `Answers the question put to ${count(n, { one: '# building', other: '# buildings' })}: what is carried out is the question’s.`,
  attach: (n) => `Attach the question put to ${count(n, { one: '# building', other: '# buildings' })}`,
  notHere: 'The text of the question is not here yet. Try again in a minute.',
  ask: 'Ask several buildings',
  askLead: 'The authorities have to approve it. Then its text comes to the other buildings by itself: each syndic attaches it to a resolution.',
  text: 'Text of the question',
  buildings: 'Buildings',
  effect: 'If it is adopted',
  effects: { nothing: 'People see to it', purchase: 'Begin a group purchase' },
  most: 'At most (EUR)',
  send: 'Propose to the authorities',
  sent: 'Proposed. The authorities approve it under “Network”.',
  download: 'Download the text',
  failed: 'That did not work.',
};
