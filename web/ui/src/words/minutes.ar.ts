import { counting } from './count';
import type { MinutesWords } from './minutes.fr';

const { count, number } = counting('ar-u-nu-latn');

export const ar: MinutesWords = {
  title: 'المحضر',
  show: 'عرض المحضر',
  sign: 'توقيع المحضر',
  signed: 'لقد وقّعتم.',
  stands: (height, version) => `مسجل، الكتلة ${height}، النسخة ${version}`,
  waiting: 'يلزم توقيع الرئيس والوكيل.',
  download: 'حفظ النص (JSON)',
  print: 'طباعة',
  hash: 'بصمة النص',
  present: 'الحاضرون',
  remote: 'عن بعد',
  proxies: 'الوكالات',
  proxyOf: (holder, principal) => `${holder} عن ${principal}`,
  chair: 'الرئيس',
  secretary: 'الكاتب',
  assessors: 'المساعدون',
  notice: 'دعوة بتاريخ',
  quorum: 'النصاب',
  forVotes: 'مع',
  against: 'ضد',
  abstained: 'امتناع',
  without: 'بلا جواب صالح',
  absent: 'الغائبون',
  defaulting: 'المتخلفون',
  reduced: (name, from, to) => `${name}: ${count(from, { zero: 'لا أصوات', one: 'صوت واحد', two: 'صوتان', few: '# أصوات', many: '# صوتًا', other: '# صوت' })}، خُفضت إلى ${number(to)}`,
  paper: (n) => `على الورق: ${number(n)}`,
  ballots: 'الأصوات المسجلة',
  root: 'جذر الأصوات',
  block: 'النتائج في الكتلة',
  appeal: 'يُنفذ بعد أجل الطعن.',
  votesOf: (n) => count(n, { zero: 'لا أصوات', one: 'صوت واحد', two: 'صوتان', few: '# أصوات', many: '# صوتًا', other: '# صوت' }),
};
