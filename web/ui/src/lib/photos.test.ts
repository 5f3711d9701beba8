import { expect, test } from 'vitest';
import { fitted, photoOf } from './photos';

test('a photo fits into 1,600 pixels and is never blown up', () => {
  expect(fitted(4032, 3024)).toEqual([1600, 1200]);
  expect(fitted(3024, 4032)).toEqual([1200, 1600]);
  expect(fitted(800, 600)).toEqual([800, 600]);
  expect(fitted(100_000, 1)).toEqual([1600, 1]);
});

test('ids are parts of an address', () => expect(photoOf('a/b', 'c d')).toBe('/api/v1/workorders/a%2Fb/photos/c%20d'));
