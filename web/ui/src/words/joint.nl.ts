import { counting } from './count';
import type { JointWords } from './joint.fr';

const { count, number } = counting('nl');

export const nl: JointWords = {
  title: 'Vragen aan meerdere gebouwen',
  lead: 'Elk gebouw stemt in zijn eigen vergadering, volgens zijn wet. Daarna worden gebouwen geteld.',
  needed: 'Nodig',
  rules: { all: 'alle gebouwen', majority: 'meer dan de helft van de gebouwen', 'two-thirds': 'twee derde van de gebouwen', 'four-fifths': 'vier vijfde van de gebouwen' },
  standings: { open: 'loopt', adopted: 'aangenomen', refused: 'verworpen' },
  waiting: 'nog niet beslist',
  weToo: 'dit gebouw ook',
  counted: (adopted, asked) => `${number(adopted)} van ${count(asked, { one: '# gebouw', other: '# gebouwen' })} ${adopted === 1 ? 'nam' : 'namen'} ze aan.`,
  answers: (n) => `Beantwoordt de vraag aan ${count(n, { one: '# gebouw', other: '# gebouwen' })}: uitgevoerd wordt wat de vraag zegt.`,
  attach: (n) => `De vraag aan ${count(n, { one: '# gebouw', other: '# gebouwen' })} bijvoegen`,
  notHere: 'De tekst van de vraag is hier nog niet. Probeer het over een minuut opnieuw.',
  ask: 'Meerdere gebouwen een vraag stellen',
  askLead: 'De autoriteiten moeten ze goedkeuren. Daarna komt de tekst vanzelf bij de andere gebouwen: elke syndicus voegt hem bij een besluit.',
  text: 'Tekst van de vraag',
  buildings: 'Gebouwen',
  effect: 'Als ze wordt aangenomen',
  effects: { nothing: 'Mensen zorgen ervoor', purchase: 'Een groepsaankoop beginnen' },
  most: 'Hoogstens (EUR)',
  send: 'Aan de autoriteiten voorstellen',
  sent: 'Voorgesteld. De autoriteiten keuren goed onder “Netwerk”.',
  download: 'De tekst downloaden',
  failed: 'Dat lukte niet.',
};
