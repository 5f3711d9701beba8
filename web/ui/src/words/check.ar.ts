import type { CheckWords } from './check.fr';

export const ar: CheckWords = {
  verify: 'تحقّق في هذا المتصفّح',
  again: 'تحقّق من جديد',
  working: 'جارٍ التحقّق…',
  good: 'الإثبات صحيح',
  goodText: (height) => `هذه المعاملة موجودة في السجلّ، والكتلة ${height} التي تُثبتها نهائية.`,
  bad: 'الإثبات غير صحيح',
  badText: 'لا تعتمد على هذه الصفحة في هذه المعاملة. قارن مع صفحة مبنى مجاور وأبلغ المسؤول.',
  steps: {
    transaction: 'المحتوى يطابق رقمه',
    path: 'المسار يصل المحتوى بجذر السجلّ',
    header: 'الشهادة تخصّ هذه الكتلة',
    authorities: 'السلطات هي التي تسمّيها الكتلة',
    certificate: 'وقّع عدد كافٍ من السلطات على الكتلة',
  },
  signed: (signatures, authorities, quorum) => `عدد التوقيعات ${signatures} من أصل ${authorities} سلطات، والمطلوب ${quorum}`,
  held: 'صحيح',
  broken: 'غير صحيح',
  untried: 'لم يُتحقّق منه',
  whose: 'الحساب يجري على جهازك، لكنّ هذه الصفحة تأتي من المبنى نفسه. لرأي مستقلّ افتح المعاملة نفسها على صفحة مبنى مجاور، أو نزّل الإثبات وشغّل «symbiose verify».',
};
