import { expect, test } from 'vitest';
import { empty, fresh, lawOn, moved, withSecond, without, written, type Registry } from './agenda';

const titled = (title: string) => ({ ...empty(), title });
const titles = (items: { title: string }[]) => items.map((item) => item.title).join('');

test('items move, and a second vote stays behind its first', () => {
  const [a, b] = [titled('a'), titled('b')];
  expect(titles(moved([a, b], 1, -1))).toBe('ba');
  expect(titles(moved([a, b], 1, 1))).toBe('ab');
  const three = withSecond([a, b], a.key);
  expect(titles(three)).toBe('aab');
  expect(withSecond(three, a.key)).toEqual(three);
  expect(moved(three, 0, 1)).toEqual(three);
  expect(moved(three, 1, -1)).toEqual(three);
  expect(titles(without(three, a.key))).toBe('b');
});

test('a draft names the second vote by the number of its first', () => {
  const [a, b] = [titled('a'), titled('b')];
  const plan = { ...fresh(), items: withSecond([b, a], a.key) };
  expect(written(plan).items.map((item) => item.second_of)).toEqual([null, null, 2]);
});

test('the law of a day is the last one that began', () => {
  const registry = { laws: [{ from: '2020-01-01', law: 'be-2020' }, { from: '2030-01-01', law: 'fr-2020' }] } as Registry;
  const laws = ['be-2020', 'fr-2020'].map((law) => ({ law, matters: [] }));
  expect(lawOn(registry, laws, '2029-12-31')?.law).toBe('be-2020');
  expect(lawOn(registry, laws, '2030-01-01')?.law).toBe('fr-2020');
  expect(lawOn(registry, laws, '2019-01-01')).toBeUndefined();
});
