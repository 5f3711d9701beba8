import { counting } from './count';
import type { JointWords } from './joint.fr';

const { count, number } = counting('ar-u-nu-latn');

export const ar: JointWords = {
  title: 'أسئلة إلى عدة مبانٍ',
  lead: 'يصوّت كل مبنى في جمعيته بحسب قانونه، ثم تُعدّ المباني.',
  needed: 'يلزم',
  rules: { all: 'كل المباني', majority: 'أكثر من نصف المباني', 'two-thirds': 'ثلثا المباني', 'four-fifths': 'أربعة أخماس المباني' },
  standings: { open: 'جارٍ', adopted: 'اعتُمد', refused: 'رُفض' },
  waiting: 'لم يقرر بعد',
  weToo: 'هذا المبنى أيضًا',
  counted: (adopted, asked) => `اعتمده ${number(adopted)} من ${count(asked, { one: 'مبنى واحد', two: 'مبنيين', few: '# مبانٍ', many: '# مبنى', other: '# مبنى' })}.`,
  answers: (n) => `يجيب عن السؤال المطروح على ${count(n, { one: 'مبنى واحد', two: 'مبنيين', few: '# مبانٍ', other: '# مبنى' })}: ويُنفَّذ ما ينص عليه السؤال.`,
  attach: (n) => `إرفاق السؤال المطروح على ${count(n, { one: 'مبنى واحد', two: 'مبنيين', few: '# مبانٍ', other: '# مبنى' })}`,
  notHere: 'لم يصل نص السؤال إلى هنا بعد. أعد المحاولة بعد دقيقة.',
  ask: 'طرح سؤال على عدة مبانٍ',
  askLead: 'على السلطات الموافقة. ثم يصل النص إلى المباني الأخرى تلقائيًا: يرفقه كل وكيل بقرار.',
  text: 'نص السؤال',
  buildings: 'المباني',
  effect: 'إذا اعتُمد',
  effects: { nothing: 'يتولاه الناس', purchase: 'بدء شراء جماعي' },
  most: 'حد أقصى (يورو)',
  send: 'اقتراحه على السلطات',
  sent: 'اقتُرح. توافق عليه السلطات في «الشبكة».',
  download: 'تنزيل النص',
  failed: 'لم ينجح ذلك.',
};
