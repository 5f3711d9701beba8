import { beforeEach, expect, test, vi } from 'vitest';
import { Failure } from './api';
import { Draft } from './draft.svelte';

const stored = new Map<string, string>();
vi.stubGlobal('localStorage', {
  getItem: (name: string) => stored.get(name) ?? null,
  setItem: (name: string, text: string) => void stored.set(name, text),
  removeItem: (name: string) => void stored.delete(name),
});

beforeEach(() => {
  stored.clear();
  vi.useFakeTimers();
});

test('what was written without network is there after a reload and goes out by itself', async () => {
  let away = true;
  const sent: string[] = [];
  const send = async (text: string) => {
    if (away) throw new Failure(0, 'unreachable', '');
    sent.push(text);
  };
  const draft = new Draft('7', 'old', send);
  draft.write('belt changed');
  expect(await draft.save()).toBe(false);
  expect(draft.state).toBe('offline');
  expect(new Draft('7', 'old', send).text).toBe('belt changed');
  away = false;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(sent).toEqual(['belt changed']);
  expect([draft.state, stored.size]).toEqual(['saved', 0]);
});

test('a refusal keeps the text and does not knock again', async () => {
  const send = vi.fn(() => Promise.reject(new Failure(422, 'invalid', '')));
  const draft = new Draft('8', '', send);
  draft.write('too long');
  await draft.save();
  await vi.advanceTimersByTimeAsync(60_000);
  expect([draft.state, send.mock.calls.length, stored.get('symbiose.notes.8')]).toEqual(['refused', 1, 'too long']);
});

test('somebody else’s notes are shown only where nobody is writing', () => {
  const draft = new Draft('9', 'a', () => Promise.resolve());
  draft.heard('b');
  expect(draft.text).toBe('b');
  draft.write('c');
  draft.heard('d');
  expect(draft.text).toBe('c');
});
