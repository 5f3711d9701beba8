import { expect, test } from 'vitest';
import { bytes, hex } from './cbor';
import { pollBallot } from './poll';
import { codeKey, message } from './resident';
import { decode } from './slotproof';
import { verifyStrict } from './strict';

test('an answer names poll, key and place, and is signed for polls only', () => {
  const own = codeKey('TEST');
  const poll = { id: 'ab'.repeat(32), chain: '07'.repeat(32) };
  const signed = pollBallot(poll, own, 2, 9);
  const [body, signature] = decode(signed) as [unknown[], Uint8Array];
  const [id, voter, answer, sequence, salt] = body as [Uint8Array, Uint8Array, bigint, bigint, Uint8Array];
  expect([hex(id), hex(voter), answer, sequence, salt.length]).toEqual([poll.id, own.key, 2n, 9n, 16]);
  const canonical = signed.slice(1, signed.length - 66);
  expect(verifyStrict(signature, message('poll', poll.chain, canonical), bytes(own.key))).toBe(true);
  expect(verifyStrict(signature, message('ballot', poll.chain, canonical), bytes(own.key))).toBe(false);
});
