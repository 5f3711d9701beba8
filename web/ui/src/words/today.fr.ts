import { counting } from './count';

const { count } = counting('fr');

export const fr = {
  title: 'La journée',
  sun: 'Le soleil du toit',
  usedHere: 'Utilisé ici',
  toNeighbours: 'Vendu aux voisins',
  toGrid: 'Vers le réseau',
  used: 'Ce que l’immeuble a utilisé',
  ownSun: 'De son toit',
  fromNeighbours: 'Acheté aux voisins',
  fromGrid: 'Du réseau',
  gain: 'Gagné grâce au partage',
  gainText: (earned: string, paid: string) => `${earned} reçus des voisins, ${paid} payés, comparés aux prix du fournisseur.`,
  peak: 'Pointe du jour',
  peakAt: (when: string) => `à ${when}`,
  peakPlanned: (kw: string) => `${kw} prévus`,
  left: 'Ce qui est sorti',
  statements: (n: number) => count(n, { zero: 'Aucun relevé', one: '# relevé', other: '# relevés' }),
  leftText: 'L’énergie nette de chaque quart d’heure, à deux bureaux de décompte et à personne d’autre.',
  leftLink: 'Tout voir',
  story: 'Ce qui s’est passé',
  course: 'Heure par heure',
  quiet: 'Une journée calme : rien à signaler.',
  moved: (from: string, to: string) => `Chauffage avancé de ${from} à ${to}`,
  movedText: (own: string, all: string) => `${own} ici, ${all} dans tout le voisinage, pour aplanir la pointe`,
  mended: (what: string) => `Réparé : ${what}`,
  sold: (kwh: string) => `${kwh} vendus aux voisins`,
  bought: (kwh: string) => `${kwh} achetés aux voisins`,
  between: (from: string, to: string, sum: string) => `de ${from} à ${to}, pour ${sum}`,
  decided: (title: string) => `Voté : ${title}`,
  adopted: 'adopté',
  notAdopted: 'non adopté',
  inFavour: (percent: string) => `${percent} des voix pour`,
  card: 'Une fiche de panne est partie',
  cardText: 'En mots choisis et en fourchettes, sans nom ni date',
};

export type TodayWords = typeof fr;
