import { counting } from './count';
import type { PollWords } from './poll.fr';

const { count, number } = counting('nl');

export const nl: PollWords = {
  polls: 'Peilingen',
  lead: 'Om te horen wat men denkt. Een peiling beslist niets: één persoon, één stem.',
  none: 'Geen peiling',
  ask: 'Een vraag stellen',
  question: 'Vraag',
  choice: (n) => `Antwoord ${n}`,
  another: 'Een antwoord toevoegen',
  hidden: 'Verborgen antwoorden',
  hiddenHelp: (min) => `Niemand ziet wie wat koos; totalen verschijnen pas vanaf ${count(min, { one: '# persoon', other: '# personen' })}.`,
  hiddenTag: 'antwoorden verborgen',
  blocks: 'Open gedurende (blokken)',
  send: 'De vraag stellen',
  stages: { announced: 'aangekondigd', open: 'open', closed: 'gesloten', concluded: 'beëindigd', refused: 'niet gesteld' },
  notPut: { too_many: 'Te veel peilingen van dit gebouw staan open: het grootboek nam deze niet aan. Vraag opnieuw zodra er één gesloten is.', refused: 'Het grootboek nam deze peiling niet aan: niemand werd gevraagd.' },
  tookPart: (voters, invited) => `${number(voters)} van ${count(invited, { one: '# persoon', other: '# personen' })} ${voters === 1 ? 'antwoordde' : 'antwoordden'}`,
  few: (min) => `Minder dan ${count(min, { one: '# persoon', other: '# personen' })}: de totalen blijven verborgen.`,
  review: 'Nakijken',
  youSay: 'U antwoordt',
  sign: 'Mijn antwoord ondertekenen',
  said: (choice) => `U antwoordde: ${choice}`,
  again: 'Opnieuw antwoorden',
  back: 'Terug',
  failed: 'Dat lukte niet.',
  sure: 'Niet bindend',
};
