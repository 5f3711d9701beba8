export const fr = {
  what: 'Décider',
  whats: { ask: 'demander une somme', stop: 'ne plus la demander', desks: 'qui fait les sommes' } as Record<string, string>,
  measure: 'De quoi',
  cadence: 'À quel rythme',
  clip: 'Un logement compte au plus pour',
  noise: 'Protection de chaque logement',
  noises: { 250: 'forte (chiffre moins précis)', 500: 'normale', 1000: 'faible (chiffre plus précis)' } as Record<number, string>,
  buildings: 'Au moins tant d’immeubles dans un chiffre (10 ou plus)',
  dwellings: 'Au moins tant de logements (100 ou plus)',
  groups: 'Les immeubles sont groupés par région, époque, taille et chauffage ; un groupe trop petit rejoint le groupe plus large. Cela vaut à partir du mois prochain.',
  desksLead: 'Les bureaux qui règlent l’énergie font aussi les sommes, deux d’opérateurs différents à la fois : aucun des deux ne voit le chiffre d’un immeuble.',
  noDesks: 'Décidez d’abord qui règle l’énergie.',
  asked: (measure: string, cadence: string, clip: string, buildings: string, dwellings: string) => `Somme : ${measure.toLowerCase()}, ${cadence}. Un logement compte au plus pour ${clip} ; rien en dessous de ${buildings} immeubles et ${dwellings} logements.`,
  stopped: (measure: string, cadence: string) => `Plus de somme : ${measure.toLowerCase()}, ${cadence}.`,
  desksOf: (names: string) => `Les sommes sont faites à tour de rôle par ${names}.`,
};
export type SumsWords = typeof fr;
