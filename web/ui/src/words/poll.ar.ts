import { counting } from './count';
import type { PollWords } from './poll.fr';

const { count, number } = counting('ar-u-nu-latn');

export const ar: PollWords = {
  polls: 'الاستطلاعات',
  lead: 'لمعرفة الآراء. لا يقرر الاستطلاع شيئًا: لكل شخص صوت واحد.',
  none: 'لا استطلاع',
  ask: 'طرح سؤال',
  question: 'السؤال',
  choice: (n) => `الجواب ${n}`,
  another: 'إضافة جواب',
  hidden: 'أجوبة مخفية',
  hiddenHelp: (min) => `لا يرى أحد من اختار ماذا؛ ولا تظهر المجاميع إلا ابتداءً من ${count(min, { one: 'شخص واحد', two: 'شخصين', few: '# أشخاص', many: '# شخصًا', other: '# شخص' })}.`,
  hiddenTag: 'الأجوبة مخفية',
  blocks: 'مفتوح لمدة (كتل)',
  send: 'طرح السؤال',
  stages: { announced: 'معلَن', open: 'مفتوح', closed: 'مغلق', concluded: 'منتهٍ', refused: 'لم يُطرح' },
  notPut: { too_many: 'استطلاعات هذا المبنى المفتوحة كثيرة: لم يقبل السجل هذا الاستطلاع. أعد السؤال حين يُغلق أحدها.', refused: 'لم يقبل السجل هذا الاستطلاع: لم يُسأل أحد.' },
  tookPart: (voters, invited) => `الإجابات: ${number(voters)} من ${count(invited, { one: 'شخص واحد', two: 'شخصين', few: '# أشخاص', many: '# شخصًا', other: '# شخص' })}`,
  few: (min) => `أقل من ${count(min, { one: 'شخص واحد', two: 'شخصين', few: '# أشخاص', many: '# شخصًا', other: '# شخص' })}: تبقى المجاميع مخفية.`,
  review: 'تحقق',
  youSay: 'جوابك',
  sign: 'توقيع جوابي',
  said: (choice) => `أجبت: ${choice}`,
  again: 'الإجابة مجددًا',
  back: 'رجوع',
  failed: 'لم ينجح ذلك.',
  sure: 'غير ملزم',
};
