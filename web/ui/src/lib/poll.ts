// Polls: an answer is signed like a ballot, and counts as one head.

import type { components } from '../api';
import { ask, get, type Page } from './api';
import { bytes, encode, hex, type Item } from './cbor';
import { salt, sign, type Own } from './resident';

export type Poll = components['schemas']['PollView'];

export const polls = async () => (await get<Page<Poll>>('/api/v1/polls')).items;
export const askPoll = (draft: components['schemas']['PollDraft']) => ask<Poll>('POST', '/api/v1/polls', draft);

const slot = (poll: Poll) => `symbiose.poll.${poll.id}`;

/** The place of the answer that was given on this device. */
export function said(poll: Poll): number | null {
  const kept = localStorage.getItem(slot(poll));
  return kept === null ? null : Number(kept);
}

/** The bytes of a signed answer. */
export function pollBallot(poll: Pick<Poll, 'id' | 'chain'>, own: Own, answer: number, sequence: number): Uint8Array {
  const body: Item = [bytes(poll.id), bytes(own.key), answer, sequence, salt()];
  return encode([body, sign(own, 'poll', poll.chain, encode(body))]);
}

/** Signs and hands in; a later answer counts instead of an earlier one. */
export async function answerPoll(poll: Poll, own: Own, answer: number): Promise<Poll> {
  const next = await ask<Poll>('POST', `/api/v1/polls/${poll.number}/answers`, { ballot: hex(pollBallot(poll, own, answer, Date.now())) });
  localStorage.setItem(slot(poll), String(answer));
  return next;
}
