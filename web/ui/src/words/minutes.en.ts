import { counting } from './count';
import type { MinutesWords } from './minutes.fr';

const { count, number } = counting('en');

export const en: MinutesWords = {
  title: 'Minutes',
  show: 'Show the minutes',
  sign: 'Sign the minutes',
  signed: 'You signed.',
  stands: (height, version) => `On the ledger, block ${height}, version ${version}`,
  waiting: 'They need the signatures of chair and syndic.',
  download: 'Keep the text (JSON)',
  print: 'Print',
  hash: 'Fingerprint of the text',
  present: 'Present',
  remote: 'from afar',
  proxies: 'Proxies',
  proxyOf: (holder, principal) => `${holder} for ${principal}`,
  chair: 'Chair',
  secretary: 'Secretary',
  assessors: 'Assessors',
  notice: 'Notice of',
  quorum: 'Quorum',
  forVotes: 'For',
  against: 'Against',
  abstained: 'Abstentions',
  without: 'Without a valid answer',
  absent: 'Absent',
  defaulting: 'Defaulting',
  reduced: (name, from, to) => `${name}: ${count(from, { one: '# vote', other: '# votes' })} reduced to ${number(to)}`,
  paper: (n) => `${number(n)} on paper`,
  ballots: 'Ballots on the ledger',
  root: 'Root of the ballots',
  block: 'Results in block',
  appeal: 'Carried out after the time for an appeal.',
  votesOf: (n) => count(n, { one: '# vote', other: '# votes' }),
};
