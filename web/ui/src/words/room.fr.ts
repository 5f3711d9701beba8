import { counting } from './count';

const { count, number } = counting('fr');

export interface RoomWords {
  proxies: string;
  proxiesLead: string;
  give: string;
  giveLead: string;
  holder: string;
  choose: string;
  limit: (article: string) => string;
  wouldCarry: (others: number, votes: number, all: number) => string;
  barred: string;
  tooMany: string;
  second: string;
  review: string;
  youGive: (name: string) => string;
  forLots: (lots: string, votes: number) => string;
  untilVote: string;
  sign: string;
  given: string;
  held: string;
  noneGiven: string;
  to: (name: string) => string;
  from: (name: string) => string;
  stages: { readonly [stage: string]: string };
  takeBack: string;
  takeBackSure: (name: string) => string;
  forSomebody: (name: string) => string;
  ownMission: string;
  noPart: string;
  paper: string;
  paperLead: string;
  person: string;
  kind: string;
  kinds: { readonly [kind: string]: string };
  received: string;
  answers: { readonly [answer: string]: string };
  none: string;
  scan: string;
  scanHelp: string;
  notarial: string;
  enter: string;
  waiting: string;
  waitingLead: string;
  nothingWaits: string;
  bySyndic: string;
  byAssessor: string;
  missing: string;
  countersign: string;
  refuse: string;
  refuseSure: string;
  needsKey: string;
  nothingToEnter: string;
  there: string;
  thereLead: string;
  arrived: string;
  left: string;
  save: string;
  start: string;
}

export const fr: RoomWords = {
  proxies: 'Procurations',
  proxiesLead: 'Vous ne pouvez pas venir ? Un autre propriétaire vote pour vous.',
  give: 'Donner une procuration',
  giveLead: 'Elle vaut pour cette assemblée. Votre propre vote passe toujours avant.',
  holder: 'À qui',
  choose: 'Choisissez',
  limit: (article) => `La loi (${article}) : au plus trois procurations par personne, ou davantage si elle ne porte pas plus d’un dixième de toutes les voix.`,
  wouldCarry: (others, votes, all) => `Cette personne représenterait ${count(others, { zero: 'encore personne', one: '# autre', other: '# autres' })} et porterait ${number(votes)} voix sur ${number(all)}.`,
  barred: 'La loi ne permet pas de lui donner procuration.',
  tooMany: 'Ce serait plus que la loi ne permet.',
  second: 'Vaut aussi si l’assemblée doit être tenue de nouveau faute de quorum',
  review: 'Vérifiez',
  youGive: (name) => `${name} vote pour vous`,
  forLots: (lots, votes) => `pour ${lots}, ${number(votes)} voix`,
  untilVote: 'Vous pouvez la reprendre jusqu’à la clôture.',
  sign: 'Signer la procuration',
  given: 'Données',
  held: 'Reçues',
  noneGiven: 'Aucune procuration donnée.',
  to: (name) => `à ${name}`,
  from: (name) => `de ${name}`,
  stages: { waiting: 'en route', counts: 'compte', refused: 'ne compte pas', ended: 'terminée' },
  takeBack: 'Reprendre',
  takeBackSure: (name) => `Reprendre la procuration donnée à ${name} ?`,
  forSomebody: (name) => `Pour ${name}`,
  ownMission: 'Ce point concerne votre propre mission : vous n’y votez pas.',
  noPart: 'Vos lots ne prennent pas part à ce vote.',
  paper: 'Papier',
  paperLead: 'Le syndic saisit la feuille, l’assesseur compare avec le papier et signe aussi.',
  person: 'Qui a signé le papier',
  kind: 'Ce que c’est',
  kinds: { ballot: 'Bulletin en salle', postal: 'Formulaire par correspondance', proxy: 'Procuration' },
  received: 'Reçu le',
  answers: { For: 'Pour', Against: 'Contre', Abstain: 'Abstention', Blank: 'Blanc', Null: 'Nul' },
  none: 'Pas de réponse',
  scan: 'Photo ou scan',
  scanHelp: 'Il reste dans l’immeuble ; son empreinte est signée.',
  notarial: 'Procuration notariée',
  enter: 'Signer et saisir',
  waiting: 'Attend la seconde signature',
  waitingLead: 'Comparez chaque feuille avec le papier.',
  nothingWaits: 'Aucune feuille n’attend.',
  bySyndic: 'signée par le syndic',
  byAssessor: 'signée par l’assesseur',
  missing: 'À vous de signer',
  countersign: 'C’est pareil : signer',
  refuse: 'Retirer',
  refuseSure: 'Retirer cette feuille ?',
  needsKey: 'Seuls le syndic et l’assesseur, chacun avec sa clé, saisissent du papier.',
  nothingToEnter: 'Choisissez au moins une réponse.',
  there: 'Présences',
  thereLead: 'Qui est en salle. Qui vote à distance compte de lui-même.',
  arrived: 'arrivé avant le point',
  left: 'parti avant le point',
  save: 'Enregistrer les présences',
  start: 'début',
};
