// Words in French, and the type of all of them.

import { counting } from './count';

const { count, number } = counting('fr');

export const fr = {
  title: 'Procès-verbal',
  show: 'Voir le procès-verbal',
  sign: 'Signer le procès-verbal',
  signed: 'Vous avez signé.',
  stands: (height: string, version: string) => `Inscrit au registre, bloc ${height}, version ${version}`,
  waiting: 'Il faut les signatures du président et du syndic.',
  download: 'Garder le texte (JSON)',
  print: 'Imprimer',
  hash: 'Empreinte du texte',
  present: 'Présents',
  remote: 'à distance',
  proxies: 'Procurations',
  proxyOf: (holder: string, principal: string) => `${holder} pour ${principal}`,
  chair: 'Président',
  secretary: 'Secrétaire',
  assessors: 'Assesseurs',
  notice: 'Convocation du',
  quorum: 'Quorum',
  forVotes: 'Pour',
  against: 'Contre',
  abstained: 'Abstentions',
  without: 'Sans réponse valable',
  absent: 'Absents',
  defaulting: 'Défaillants',
  reduced: (name: string, from: number, to: number) => `${name} : ${number(from)} voix ramenées à ${number(to)}`,
  paper: (n: number) => count(n, { one: '# bulletin papier', other: '# bulletins papier' }),
  ballots: 'Bulletins inscrits',
  root: 'Racine des bulletins',
  block: 'Résultats au bloc',
  appeal: 'Exécuté après le délai de recours.',
  votesOf: (n: number) => `${number(n)} voix`,
};

export type MinutesWords = typeof fr;
