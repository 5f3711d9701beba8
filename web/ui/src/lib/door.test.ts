import { expect, test } from 'vitest';
import { codeIn, grouped, tidy } from './door';

test('a code is the same however it is typed', () => {
  for (const typed of ['abcd-efgh-2345', ' ABCD EFGH 2345', 'abcdefgh2345']) expect(tidy(typed)).toBe('ABCDEFGH2345');
  expect(grouped('abcdefgh2345')).toBe('ABCD-EFGH-2345');
  expect(grouped('')).toBe('');
});

test('a code stands in the fragment of its own address only', () => {
  expect(codeIn('#/claim/abcd-efgh-2345')).toBe('ABCDEFGH2345');
  expect(codeIn('#/claim')).toBe('');
  expect(codeIn('#/claims/abcd')).toBeNull();
  expect(codeIn('#/')).toBeNull();
});
