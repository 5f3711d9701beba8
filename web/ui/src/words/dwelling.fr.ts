import { counting } from './count';

const { count } = counting('fr');

export const fr = {
  title: 'Logements',
  lead: 'Ce que chaque logement a consommé, et sa part du soleil des voisins : selon sa consommation dans chaque quart d’heure.',
  home: 'Noms et chiffres des logements restent dans ce bâtiment. Aucun message ne les emporte.',
  none: 'Aucun compteur de logement',
  noneText: 'Donnez plus bas un logement à chaque compteur.',
  nothing: 'Rien pour ce mois',
  nothingText: 'Aucun quart d’heure de ce mois n’est encore clos.',
  dwelling: 'Logement',
  used: 'Consommé',
  fromNeighbours: 'Soleil des voisins',
  toNeighbours: 'Vendu aux voisins',
  amount: 'À payer',
  amountHelp: 'aux voisins et au réseau, moins la part des ventes ; sans l’électricité du fournisseur',
  common: 'Parties communes',
  missing: (n: number) => count(n, { one: '# quart d’heure manque', other: '# quarts d’heure manquent' }),
  compare: 'Compteur général et logements',
  building: 'Bâtiment',
  sum: 'Somme des logements',
  difference: 'Différence',
  tolerance: 'Écart permis aux compteurs',
  agreement: {
    unknown: 'Rien à comparer : aucun quart d’heure où tous les compteurs ont parlé.',
    holds: 'Les compteurs concordent.',
    too_much: 'Les logements comptent plus que le bâtiment. Vérifiez les compteurs.',
    too_little: 'Les logements comptent moins que le bâtiment, et il n’y a pas de parties communes. Un compteur manque.',
  },
  apart: (n: number) => `Dans ${count(n, { one: '# quart d’heure', other: '# quarts d’heure' })}, l’écart dépasse celui des compteurs.`,
  meters: 'Compteurs des logements',
  metersLead: 'À qui est chaque compteur. Plusieurs compteurs d’un même nom font un logement ; sans nom, un compteur ne compte pas.',
  noCounters: 'Aucun compteur d’énergie n’a encore parlé, en dehors de ceux du bâtiment.',
  hasCommon: 'Il y a des parties communes (escalier, ascenseur, chaudière)',
  save: 'Enregistrer',
  refused: (why: string) => `Refusé : ${why}`,
  back: 'Tous les logements',
  sheet: (name: string) => `Logement ${name}`,
  sheetLead: 'Ce feuillet ne parle que de ce logement.',
  print: 'Imprimer',
  day: 'Jour',
  table: 'Jour par jour',
  csv: 'Télécharger en CSV',
  share: 'de la consommation',
};

export type DwellingWords = typeof fr;
