import { counting } from './count';
import type { PollWords } from './poll.fr';

const { count, number } = counting('en');

export const en: PollWords = {
  polls: 'Polls',
  lead: 'To hear what people think. A poll decides nothing: one person, one vote.',
  none: 'No poll',
  ask: 'Ask a question',
  question: 'Question',
  choice: (n) => `Answer ${n}`,
  another: 'Add an answer',
  hidden: 'Hidden answers',
  hiddenHelp: (min) => `Nobody sees who chose what; totals appear only from ${count(min, { one: '# person', other: '# persons' })} on.`,
  hiddenTag: 'answers hidden',
  blocks: 'Open for (blocks)',
  send: 'Ask',
  stages: { announced: 'announced', open: 'open', closed: 'closed', concluded: 'ended', refused: 'not asked' },
  notPut: { too_many: 'Too many polls of this building are open: the ledger did not take this one. Ask again when one has closed.', refused: 'The ledger did not take this poll: nobody was asked.' },
  tookPart: (voters, invited) => `${number(voters)} of ${count(invited, { one: '# person', other: '# persons' })} answered`,
  few: (min) => `Fewer than ${count(min, { one: '# person', other: '# persons' })}: the totals stay hidden.`,
  review: 'Check',
  youSay: 'You answer',
  sign: 'Sign my answer',
  said: (choice) => `You answered: ${choice}`,
  again: 'Answer again',
  back: 'Back',
  failed: 'That did not work.',
  sure: 'Not binding',
};
