// The daily pages in French, and the shape of the other languages.

import { counting } from './count';

const { count } = counting('fr');

/** What a sentence about a breach is made of; figures come with their unit and stay in their order. */
export interface Told {
  metric: string;
  value: string;
  limit: string;
  /** "above", "below", … */
  than: string;
  /** How long was looked at; nothing when only readings were counted. */
  window: string | null;
  samples: number;
}

export const fr = {
  otherBuildings: 'Autres immeubles du même exploitant',
  otherBuildingsText: 'Seul le nombre d’alertes circule entre les immeubles.',
  online: 'en ligne',
  offline: 'hors ligne',
  seen: 'vu',
  neverSeen: 'jamais vu',

  ranges: { '1h': '1 h', '6h': '6 h', '24h': '24 h', '7d': '7 j', '30d': '30 j', custom: 'Dates' },
  from: 'Du',
  to: 'Au',
  show: 'Afficher',
  wrongDates: 'Choisissez deux dates, dans l’ordre et dans le passé.',
  compareWeek: 'Semaine passée',
  compareMonth: 'Il y a 4 semaines',
  noCompare: 'Pas encore de mesures à comparer.',
  zoomIn: 'Agrandir',
  zoomOut: 'Réduire',
  earlier: 'Plus tôt',
  later: 'Plus tard',
  toNow: 'Maintenant',
  csv: 'CSV',
  csvOf: (metric: string) => `Télécharger « ${metric} » en CSV`,
  plotHelp: 'Flèches : lire les valeurs. Majuscule et flèches : se déplacer dans le temps. Plus et moins : agrandir ou réduire. Zéro : revenir à maintenant.',
  pointEach: (step: string) => `un point = ${step}`,
  barEach: (step: string) => `une barre = ${step}`,
  increase: 'Augmentation',
  total: 'Total de la période',
  clears: 'retour',
  since: 'Depuis',
  lasted: 'Durée',
  stateOf: (value: number) => (value === 0 ? 'arrêt' : value === 1 ? 'marche' : `état ${value}`),
  noneHere: 'Aucune mesure sur cette période',
  looked: 'fenêtre examinée',
  firedAt: 'alerte',
  closedHere: 'fermeture',

  than: { '>': 'au-dessus de', '>=': 'à partir de', '<': 'en dessous de', '<=': 'jusqu’à' } as Record<string, string>,
  told: {
    threshold: ({ metric, value, limit, than, window }: Told) =>
      window ? `${metric} : ${value} en moyenne sur ${window}, ${than} ${limit}.` : `${metric} : ${value}, ${than} ${limit}.`,
    runtime: ({ metric, value, than, limit }: Told) => `${metric} : ${value} depuis le dernier entretien, ${than} ${limit}.`,
    rate_of_change: ({ metric, value, than, limit, window }: Told) =>
      `${metric} : variation de ${value} par minute${window ? ` sur ${window}` : ''}, ${than} ${limit}.`,
    count: ({ metric, value, than, limit, window, samples }: Told) =>
      `${metric} : ${count(samples, { one: '# mesure', other: '# mesures' })} ${than} ${limit}${window ? ` en ${window}` : ''}, la dernière à ${value}.`,
    consecutive: ({ metric, value, than, limit, samples }: Told) =>
      `${metric} : ${count(samples, { one: '# mesure', other: '# mesures' })} de suite ${than} ${limit}, la dernière à ${value}.`,
    no_data: ({ metric, window }: Told) => `${metric} : aucune mesure${window ? ` depuis ${window}` : ''}.`,
    unusual: ({ metric, value, limit, samples }: Told) => `${metric} : ${count(samples, { one: 'le dernier relevé', other: 'la moyenne des # derniers relevés' })} s’écarte de l’habitude de ${value} (${limit} suffisent).`,
    record: ({ metric, value, samples }: Told) => `${metric} : ${value}, au-delà de tout ce qui a été vu (${count(samples, { one: '# relevé', other: '# relevés' })}).`,
  },
  silent: 'sans mesure',
  and: 'et',
  or: 'ou',

  details: 'Voir le détail',
  backToAlerts: 'Alertes',
  whatHappened: 'Ce qui s’est passé',
  around: 'La courbe autour du dépassement',
  threshold: 'Seuil',
  window: 'Fenêtre',
  course: 'Déroulement',
  courseOpened: 'Alerte ouverte',
  courseAck: 'Prise en compte',
  courseClosed: 'Alerte fermée',
  courseCleared: 'De nouveau normal',
  endings: { person: 'par une personne', work_order: 'avec l’ordre de travail', quiet: 'd’elle-même, après le calme' },
  restedOn: 'Dernières mesures',
  courseSeverity: 'Criticité',
  by: (name: string) => `par ${name}`,
  rule: 'La règle',
  ruleVersion: (n: number) => `version ${n}`,
  asset: 'Équipement',
  order: 'Ordre de travail',
  closeTitle: 'Fermer cette alerte ?',
  reason: 'Motif',
  reasons: ['Réparé', 'Fausse alerte', 'Mesure corrigée', 'Intervention prévue'],
  reasonHelp: 'Le motif reste dans l’immeuble.',
  cancel: 'Annuler',
  allSeverities: 'Toutes',
  older: 'Afficher plus',

  mine: 'À moi',
  others: 'Ailleurs',
  unassigned: 'à personne',
  takeIt: 'Je m’en charge',
  assignTo: 'Confier à',
  yourName: 'Votre nom',
  yourNameHelp: 'Gardé sur cet appareil, pour vous confier des travaux en un geste.',
  backToWork: 'Travaux',
  whatBroke: 'La panne',
  lastValues: 'Dernières mesures',
  lastOrders: 'Travaux précédents sur cet équipement',
  noLastOrders: 'Aucun travail précédent.',
  ruleSays: 'Ce que dit la règle',
  alsoServed: 'Remet le compteur à zéro une fois terminé.',
  notesHint: 'Constat, pièces changées, reste à faire…',
  draftKept: 'Brouillon gardé sur cet appareil',
  notesSaved: 'Notes enregistrées',
  noNetwork: 'Pas de réseau. Ce que vous avez écrit est gardé sur cet appareil.',
  tryAgain: 'Réessayer',
  sentWhenBack: 'Sera envoyé dès que le nœud répond.',
  photos: 'Photos',
  photosText: 'Les photos restent dans l’immeuble. Lieu et appareil en sont effacés.',
  takePhoto: 'Prendre une photo',
  choosePhoto: 'Choisir',
  noPhotos: 'Aucune photo.',
  photo: (n: number) => `Photo ${n}`,
  preparing: 'Préparation…',
  sending: (percent: string) => `Envoi… ${percent}`,
  photoFailed: 'La photo n’est pas partie.',
  photoUnreadable: 'Ce fichier n’est pas une image lisible.',
  deletePhoto: 'Effacer la photo',
  deleteSure: 'Effacer définitivement ?',
  shut: 'Fermer',
  lostLink: 'Connexion perdue : ce que vous voyez date de',
};

export type SiteWords = typeof fr;
