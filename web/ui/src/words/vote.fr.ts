import { counting } from './count';

const { count, number } = counting('fr');

export interface VoteWords {
  assemblies: string;
  assemblyOf: (day: string) => string;
  assembliesLead: string;
  none: string;
  noneText: string;
  stages: { readonly [stage: string]: string };
  documents: string;
  unsure: string;
  choose: string;
  choices: { readonly [choice: string]: string };
  review: string;
  reviewLead: string;
  youVote: string;
  withVotes: (votes: number) => string;
  back: string;
  sign: string;
  signed: string;
  signedLead: string;
  tracker: string;
  again: string;
  waiting: string;
  standsIn: (height: string) => string;
  verified: string;
  notVerified: string;
  youVoted: (choice: string) => string;
  votedOn: (done: number, all: number) => string;
  verdicts: { readonly [verdict: string]: string };
  keyWaits: string;
  takePart: string;
  missed: string;
  tooFew: string;
  noQuorum: string;
  quorum: string;
  votes: string;
  reached: string;
  notReached: string;
  present: (owners: number, all: number, votes: number, sum: number) => string;
  result: string;
  outcomes: { readonly [outcome: string]: string };
  arithmetic: string;
  joined: { and: string; or: string };
  nobodyVoted: string;
  nobodySided: string;
  inFavour: string;
  against: string;
  abstained: string;
  silent: string;
  doubts: string;
  doubtOn: { readonly [code: string]: string };
  checklist: string;
  lastDay: string;
  firstDay: string;
  kept: string;
  late: string;
  cameIn: (taken: number, standing: number) => string;
  signResults: string;
  signedBy: string;
  chair: string;
  syndic: string;
  prepare: string;
  day: string;
  place: string;
  notice: string;
  assessor: string;
  title: string;
  text: string;
  matter: string;
  effect: string;
  effects: { readonly [effect: string]: string };
  asset: string;
  most: string;
  announce: string;
  announceLead: string;
  blocks: string;
  drop: string;
  closesAt: (height: number, left: number, about: string | null) => string;
  opensAt: (height: number, left: number, about: string | null) => string;
  atPace: (about: string) => string;
  failed: string;
}

export const fr: VoteWords = {
  assemblies: 'Assemblées',
  assemblyOf: (day) => `Assemblée du ${day}`,
  assembliesLead: 'Ce que l’immeuble décide ensemble.',
  none: 'Aucune assemblée',
  noneText: 'Les assemblées annoncées apparaissent ici, avec leur ordre du jour et leurs résultats.',
  stages: { draft: 'en préparation', announced: 'annoncée', open: 'ouverte', closed: 'close', concluded: 'décidée' },
  documents: 'Documents',
  unsure: 'Règle à confirmer par un juriste : le président décide.',
  choose: 'Votre choix',
  choices: { For: 'Pour', Against: 'Contre', Abstain: 'Abstention' },
  review: 'Vérifiez',
  reviewLead: 'Vous pourrez voter de nouveau jusqu’à la clôture ; le dernier vote compte.',
  youVote: 'Vous votez',
  withVotes: (votes) => `avec ${count(votes, { other: '# voix' })}`,
  back: 'Retour',
  sign: 'Signer mon vote',
  signed: 'Votre vote est signé',
  signedLead: 'Le nœud a promis de l’inscrire. Notez ces mots pour le retrouver.',
  tracker: 'Mots de suivi',
  again: 'Voter de nouveau',
  waiting: 'En route vers le registre commun…',
  standsIn: (height) => `Inscrit dans le bloc ${height}`,
  verified: 'Vérifié ici, sur cet appareil : preuve et signatures des autorités.',
  notVerified: 'La preuve n’a pas pu être vérifiée.',
  youVoted: (choice) => `Vous avez voté : ${choice}`,
  votedOn: (done, all) => `Vous avez voté sur ${number(done)} des ${count(all, { one: '# point', other: '# points' })}`,
  verdicts: { counts: 'Il compte.', replaced: 'Remplacé par un vote plus récent.', void: 'Nul : deux votes contradictoires.', refused: 'Il ne compte pas.' },
  keyWaits: 'Votre clé attend encore la fin du délai d’objection.',
  takePart: 'Qui prend part',
  missed: 'non atteint',
  tooFew: 'Trop peu de copropriétaires ont pris part : rien n’est décidé sur ce point.',
  noQuorum: 'pas de quorum requis',
  quorum: 'Quorum',
  votes: 'Voix',
  reached: 'atteint',
  notReached: 'pas encore atteint',
  present: (owners, all, votes, sum) => `${count(owners, { one: '# propriétaire', other: '# propriétaires' })} sur ${number(all)}, ${number(votes)} voix sur ${number(sum)}`,
  result: 'Résultat',
  outcomes: { adopted: 'Adoptée', refused: 'Refusée', 'no-quorum': 'Sans quorum', 'second-vote': 'Second vote immédiat', again: 'À revoter en assemblée', 'not-put': 'Non soumise au vote' },
  arithmetic: 'Le calcul',
  joined: { and: 'et', or: 'ou' },
  nobodyVoted: 'Personne n’a voté : il n’y a rien à compter.',
  nobodySided: 'Personne n’a voté pour ni contre.',
  inFavour: 'Pour',
  against: 'Contre',
  abstained: 'Abstentions',
  silent: 'Sans réponse',
  doubts: 'Le président décide de',
  doubtOn: { 'be-remote': 'la participation à distance', 'fr-26-1': 'le second vote après les deux tiers (article 26-1)', 'fr-challenge': 'le point de départ du délai de contestation', 'fr-minutes': 'la date de notification du procès-verbal', 'fr-split': 'un lot dont les indivisaires ne désignent personne', 'joint-owners': 'la façon dont des indivisaires comptent comme propriétaires', 'divided-owner': 'un propriétaire qui vote différemment avec ses lots', alone: 'une seule personne est présente : personne ne peut voter', 'reduced-divided': 'un propriétaire réduit dont les voix sont partagées', 'reduced-total': 'le total auquel les voix réduites se comparent' },
  checklist: 'Délais légaux',
  lastDay: 'au plus tard le',
  firstDay: 'au plus tôt le',
  kept: 'respecté',
  late: 'trop tard',
  cameIn: (taken, standing) => `${count(taken, { one: '# bulletin reçu', other: '# bulletins reçus' })}, ${count(standing, { one: '# inscrit', other: '# inscrits' })}`,
  signResults: 'Signer les résultats',
  signedBy: 'Signé par',
  chair: 'Président',
  syndic: 'Syndic',
  prepare: 'Préparer une assemblée',
  day: 'Jour',
  place: 'Heure et lieu',
  notice: 'Convocation envoyée le',
  assessor: 'Assesseur',
  title: 'Titre',
  text: 'Texte',
  matter: 'Nature',
  effect: 'Exécution',
  effects: { nothing: 'par les personnes', 'work-order': 'ouvre un ordre de travail', purchase: 'lance un achat groupé', action: 'demande à la ruche', policy: 'change une règle' },
  asset: 'Équipement',
  most: 'Plafond (EUR)',
  announce: 'Annoncer',
  announceLead: 'Après l’annonce plus rien ne change : chaque bulletin répète l’empreinte du texte.',
  blocks: 'Blocs pendant lesquels on vote',
  drop: 'Supprimer',
  closesAt: (height, left, about) => (about ? `Ouvert encore environ ${about}, jusqu’au bloc ${number(height)}` : `Ouvert jusqu’au bloc ${number(height)} : encore ${count(left, { one: '# bloc', other: '# blocs' })}`),
  opensAt: (height, left, about) => (about ? `Ouvre dans environ ${about}, au bloc ${number(height)}` : `Ouvre au bloc ${number(height)} : encore ${count(left, { one: '# bloc', other: '# blocs' })}`),
  atPace: (about) => `Au rythme actuel de la ruche : environ ${about}.`,
  failed: 'Cela n’a pas marché.',
};
