import { expect, test } from 'vitest';
import { isolated } from './bidi';

test('a figure keeps its order between right-to-left words', () => {
  expect(isolated('20 °C')).toBe('\u206620 °C\u2069');
});
