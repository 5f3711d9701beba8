import { counting } from './count';
import type { MinutesWords } from './minutes.fr';

const { count, number } = counting('nl');

export const nl: MinutesWords = {
  title: 'Notulen',
  show: 'De notulen tonen',
  sign: 'De notulen ondertekenen',
  signed: 'U hebt ondertekend.',
  stands: (height, version) => `Ingeschreven, blok ${height}, versie ${version}`,
  waiting: 'De handtekeningen van voorzitter en syndicus zijn nodig.',
  download: 'De tekst bewaren (JSON)',
  print: 'Afdrukken',
  hash: 'Vingerafdruk van de tekst',
  present: 'Aanwezig',
  remote: 'op afstand',
  proxies: 'Volmachten',
  proxyOf: (holder, principal) => `${holder} voor ${principal}`,
  chair: 'Voorzitter',
  secretary: 'Secretaris',
  assessors: 'Bijzitters',
  notice: 'Oproeping van',
  quorum: 'Quorum',
  forVotes: 'Voor',
  against: 'Tegen',
  abstained: 'Onthoudingen',
  without: 'Zonder geldig antwoord',
  absent: 'Afwezig',
  defaulting: 'In gebreke',
  reduced: (name, from, to) => `${name}: ${count(from, { one: '# stem', other: '# stemmen' })} herleid tot ${number(to)}`,
  paper: (n) => `${number(n)} op papier`,
  ballots: 'Ingeschreven stemmen',
  root: 'Wortel van de stemmen',
  block: 'Uitslag in blok',
  appeal: 'Uitgevoerd na de beroepstermijn.',
  votesOf: (n) => count(n, { one: '# stem', other: '# stemmen' }),
};
