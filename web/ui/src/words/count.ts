// A noun with its number, by the plural rules of each language.

/** The forms that a language tells apart; `#` stands for the number. `zero` is said of none at all, in any language. */
export type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

/** How a language counts: `count(2, { one: '# vote', other: '# votes' })`, and a number by itself. */
export function counting(tag: string) {
  const rules = new Intl.PluralRules(tag);
  const numbers = new Intl.NumberFormat(tag);
  const number = (n: number) => numbers.format(n);
  const count = (n: number, forms: Forms): string => {
    const form = n === 0 ? (forms.zero ?? forms[rules.select(n)]) : forms[rules.select(n)];
    return (form ?? forms.other).replace('#', () => number(n));
  };
  return { count, number };
}
