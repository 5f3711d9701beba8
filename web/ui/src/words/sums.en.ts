import type { SumsWords } from './sums.fr';

export const en: SumsWords = {
  what: 'Decide',
  whats: { ask: 'ask for a sum', stop: 'ask for it no more', desks: 'who finds the sums' },
  measure: 'Of what',
  cadence: 'How often',
  clip: 'A dwelling counts at most with',
  noise: 'Protection of each dwelling',
  noises: { 250: 'strong (less exact figure)', 500: 'normal', 1000: 'weak (more exact figure)' },
  buildings: 'Fewest buildings in a figure (10 or more)',
  dwellings: 'Fewest dwellings (100 or more)',
  groups: 'Buildings are grouped by region, age, size and heating; a group that is too small joins the wider one. It counts from the next month on.',
  desksLead: 'The desks that settle energy find the sums too, two of different operators at a time: neither sees the figure of a building.',
  noDesks: 'Decide first who settles energy.',
  asked: (measure, cadence, clip, buildings, dwellings) => `Sum: ${measure.toLowerCase()}, ${cadence}. A dwelling counts at most with ${clip}; nothing below ${buildings} buildings and ${dwellings} dwellings.`,
  stopped: (measure, cadence) => `No sum any more: ${measure.toLowerCase()}, ${cadence}.`,
  desksOf: (names) => `The sums are found in turns by ${names}.`,
};
