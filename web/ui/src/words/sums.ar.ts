import type { SumsWords } from './sums.fr';

export const ar: SumsWords = {
  what: 'القرار',
  whats: { ask: 'طلب مجموع', stop: 'التوقف عن طلبه', desks: 'من يحسب المجاميع' },
  measure: 'ماذا يُجمع',
  cadence: 'بأي وتيرة',
  clip: 'يُحسب المسكن على الأكثر بـ',
  noise: 'حماية كل مسكن',
  noises: { 250: 'قوية (رقم أقل دقة)', 500: 'عادية', 1000: 'ضعيفة (رقم أدق)' },
  buildings: 'أقل عدد من المباني في رقم (10 أو أكثر)',
  dwellings: 'أقل عدد من المساكن (100 أو أكثر)',
  groups: 'تُجمع المباني بحسب المنطقة والعمر والحجم والتدفئة، وتنضم المجموعة الصغيرة إلى الأوسع. يسري ذلك من الشهر القادم.',
  desksLead: 'المكاتب التي تسوّي الطاقة تحسب المجاميع أيضًا، مكتبان لمشغّلَين مختلفَين كل مرة: لا يرى أيٌّ منهما رقم مبنى.',
  noDesks: 'قرّروا أولًا من يسوّي الطاقة.',
  asked: (measure, cadence, clip, buildings, dwellings) => `مجموع: ${measure}، ${cadence}. يُحسب المسكن على الأكثر بـ ${clip}؛ لا شيء دون ${buildings} مبنى و${dwellings} مسكن.`,
  stopped: (measure, cadence) => `لا مجموع بعد الآن: ${measure}، ${cadence}.`,
  desksOf: (names) => `يحسب المجاميع بالتناوب ${names}.`,
};
