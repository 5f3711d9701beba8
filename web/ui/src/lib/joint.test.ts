import { expect, test } from 'vitest';
import { hex } from './cbor';
import { jointQuestion, textHash } from './joint';
import { decode } from './slotproof';

test('a question names its text by hash, the buildings once and in order, the rule and who carries it out', () => {
  const [a, b] = ['0a'.repeat(20), 'f1'.repeat(20)];
  const [question, buildings, needed, lead, effect] = decode(jointQuestion({ text: 'A boiler?', buildings: [b, a, b], lead: b, needed: 'TwoThirds', most: 5 })) as [Uint8Array, Uint8Array[], string, Uint8Array, Map<string, bigint>];
  expect([hex(question), buildings.map(hex), needed, hex(lead)]).toEqual([textHash('A boiler?'), [a, b], 'TwoThirds', b]);
  expect(effect.get('Purchase')).toBe(5n);
  expect((decode(jointQuestion({ text: 'x', buildings: [a, b], lead: a, needed: 'All', most: null })) as unknown[])[4]).toBe('Nothing');
});
