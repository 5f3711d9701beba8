import type { SumsWords } from './sums.fr';

export const nl: SumsWords = {
  what: 'Beslissen',
  whats: { ask: 'een som vragen', stop: 'ze niet meer vragen', desks: 'wie de sommen maakt' },
  measure: 'Waarvan',
  cadence: 'Hoe vaak',
  clip: 'Een woning telt hoogstens voor',
  noise: 'Bescherming van elke woning',
  noises: { 250: 'sterk (minder nauwkeurig cijfer)', 500: 'normaal', 1000: 'zwak (nauwkeuriger cijfer)' },
  buildings: 'Minste aantal gebouwen in een cijfer (10 of meer)',
  dwellings: 'Minste aantal woningen (100 of meer)',
  groups: 'Gebouwen worden gegroepeerd naar regio, leeftijd, grootte en verwarming; een te kleine groep gaat op in de ruimere. Het geldt vanaf volgende maand.',
  desksLead: 'De loketten die energie verrekenen maken ook de sommen, telkens twee van verschillende operatoren: geen van beide ziet het cijfer van een gebouw.',
  noDesks: 'Beslis eerst wie energie verrekent.',
  asked: (measure, cadence, clip, buildings, dwellings) => `Som: ${measure.toLowerCase()}, ${cadence}. Een woning telt hoogstens voor ${clip}; niets onder ${buildings} gebouwen en ${dwellings} woningen.`,
  stopped: (measure, cadence) => `Geen som meer: ${measure.toLowerCase()}, ${cadence}.`,
  desksOf: (names) => `De sommen worden om beurten gemaakt door ${names}.`,
};
