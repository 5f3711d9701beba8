import { expect, test } from 'vitest';
import { counting, type Forms } from './count';

const told = (tag: string, forms: Forms) => [0, 1, 2, 3, 11, 100, 1_002].map((n) => counting(tag).count(n, forms));

test('each language counts by its own rules', () => {
  expect(told('en', { one: '# ballot', other: '# ballots' })).toEqual(['0 ballots', '1 ballot', '2 ballots', '3 ballots', '11 ballots', '100 ballots', '1,002 ballots']);
  expect(told('fr', { one: '# bulletin', other: '# bulletins' }).slice(0, 3)).toEqual(['0 bulletin', '1 bulletin', '2 bulletins']);
  const votes = { zero: 'لا أصوات', one: 'صوت واحد', two: 'صوتان', few: '# أصوات', many: '# صوتًا', other: '# صوت' };
  expect(told('ar-u-nu-latn', votes)).toEqual(['لا أصوات', 'صوت واحد', 'صوتان', '3 أصوات', '11 صوتًا', '100 صوت', '1,002 صوت']);
});

test('none at all may have words of its own, and a form that is missing is the common one', () => {
  expect(counting('nl').count(0, { zero: 'geen stem', one: '# stem', other: '# stemmen' })).toBe('geen stem');
  expect(counting('fr').count(1_000_000, { one: '# voix', other: '# voix' })).toMatch(/^1.000.000 voix$/);
});
