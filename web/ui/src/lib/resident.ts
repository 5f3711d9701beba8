// A resident's own key: made here, kept on this device, never sent. What it signs names building, hive and purpose, so
// that nothing signed for one counts for another. Pure JavaScript, because a page on a local address may have no WebCrypto.

import * as ed from '@noble/ed25519';
import { blake3 } from '@noble/hashes/blake3.js';
import { sha512 } from '@noble/hashes/sha2.js';
import type { components } from '../api';
import { ask, get } from './api';
import { bytes, encode, hex, join, type Item } from './cbor';
import type { Door } from './door';

type Schemas = components['schemas'];
export type Resident = Schemas['ResidentView'];
export type Keys = Schemas['KeysView'];
export type Key = Schemas['KeyView'];
export type Letters = Schemas['LettersView'];
export type Letter = Schemas['LetterView'];
export type Code = Schemas['CodeView'];

ed.hashes.sha512 = sha512;

const STORED = 'symbiose.key';
const CODE_LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A secret and its public half. */
export interface Own {
  secret: Uint8Array;
  key: string;
}

/** What a signature is for; the node's `Domain`. */
export type Purpose = 'binding' | 'entry' | 'ballot' | 'proxy' | 'paper-entry' | 'conclusion' | 'minutes' | 'promise' | 'poll';

/** Tag, zero, hive, body: what is signed. */
export function message(purpose: Purpose, chain: string, body: Uint8Array): Uint8Array {
  return join(new TextEncoder().encode(`symbiose/${purpose}/v1`), Uint8Array.of(0), bytes(chain), body);
}

export const sign = (own: Own, purpose: Purpose, chain: string, body: Uint8Array) => ed.sign(message(purpose, chain, body), own.secret);

/** The node's `Digest::of`: parts behind their lengths, hashed for one purpose. */
export function digest(context: string, ...parts: Uint8Array[]): Uint8Array {
  const framed = parts.flatMap((part) => [big(BigInt(part.length)), part]);
  return blake3(join(...framed), { context: new TextEncoder().encode(context) });
}

function big(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 8 }, (_, at) => Number((value >> BigInt(8 * (7 - at))) & 255n));
}

const ownOf = (secret: Uint8Array): Own => ({ secret, key: hex(ed.getPublicKey(secret)) });

/** The key on this device, if there is one. */
export function kept(): Own | null {
  const stored = localStorage.getItem(STORED);
  try {
    return stored ? ownOf(bytes(stored)) : null;
  } catch {
    return null;
  }
}

export const make = (): Own => ownOf(crypto.getRandomValues(new Uint8Array(32)));
export const keep = (own: Own) => localStorage.setItem(STORED, hex(own.secret));
export const forget = () => localStorage.removeItem(STORED);

/** A fresh salt. */
export const salt = () => crypto.getRandomValues(new Uint8Array(16));

/** Letters that look alike are one, and dashes do not matter. */
export const tidyCode = (code: string) =>
  [...code.toUpperCase().replace(/O/g, '0').replace(/[IL]/g, '1')].filter((letter) => CODE_LETTERS.includes(letter)).join('');

export const codeKey = (code: string): Own => ownOf(blake3(new TextEncoder().encode(code), { context: new TextEncoder().encode('symbiose invite v1') }));

export const lookUp = (code: string) => get<Code>(`/api/v1/residents/codes/${codeKey(code).key}`);

/** Binds a key by the code: both sign. */
export async function bind(code: string, own: Own, place: Code): Promise<Resident> {
  const invitation = codeKey(code);
  const binding: Item = [bytes(place.address), bytes(invitation.key), bytes(own.key)];
  const body = encode(binding);
  const signed = encode([binding, sign(invitation, 'binding', place.chain, body), sign(own, 'binding', place.chain, body)]);
  return ask<Resident>('POST', '/api/v1/residents/bindings', { binding: hex(signed) });
}

/** Comes in with the key. */
export async function enter(own: Own): Promise<Door> {
  const { challenge, address, chain } = await ask<Schemas['ChallengeView']>('POST', '/api/v1/residents/challenge');
  const body = encode([bytes(address), bytes(own.key), bytes(challenge)]);
  return ask<Door>('POST', '/api/v1/residents/session', { key: own.key, challenge, signature: hex(sign(own, 'entry', chain, body)) });
}

/** Eight groups of a key's fingerprint, to be compared by eye. */
export const fingerprint = (key: string) => (hex(blake3(bytes(key))).slice(0, 24).match(/.{4}/g) ?? []).join(' ').toUpperCase();

const CONSONANTS = 'bdfghjklmnprstvz';
const VOWELS = 'aiou';

/** Pronounceable words, two bytes each (proquints, arXiv 0901.4016), with a word that finds a slip. */
export function toWords(own: Own): string[] {
  const sum = blake3(own.secret).slice(0, 2);
  const all = join(own.secret, sum);
  return Array.from({ length: all.length / 2 }, (_, at) => word(((all[2 * at] ?? 0) << 8) | (all[2 * at + 1] ?? 0)));
}

function word(bits: number): string {
  const at = (shift: number, mask: number) => (bits >> shift) & mask;
  return `${CONSONANTS[at(12, 15)]}${VOWELS[at(10, 3)]}${CONSONANTS[at(6, 15)]}${VOWELS[at(4, 3)]}${CONSONANTS[at(0, 15)]}`;
}

/** The key of such words; none when a word is wrong. */
export function fromWords(text: string): Own | null {
  const words = text.toLowerCase().split(/[\s,;.-]+/).filter(Boolean);
  if (words.length !== 17) return null;
  const octets = words.flatMap((one) => {
    const [a, b, c, d, e] = [...one];
    const places = [CONSONANTS.indexOf(a ?? '?'), VOWELS.indexOf(b ?? '?'), CONSONANTS.indexOf(c ?? '?'), VOWELS.indexOf(d ?? '?'), CONSONANTS.indexOf(e ?? '?')];
    if (one.length !== 5 || places.some((place) => place < 0)) return [-1];
    const [v, w, x, y, z] = places as [number, number, number, number, number];
    const bits = (v << 12) | (w << 10) | (x << 6) | (y << 4) | z;
    return [bits >> 8, bits & 255];
  });
  if (octets.length !== 34 || octets.includes(-1)) return null;
  const [secret, sum] = [Uint8Array.from(octets.slice(0, 32)), octets.slice(32)];
  const right = blake3(secret).slice(0, 2);
  return right[0] === sum[0] && right[1] === sum[1] ? ownOf(secret) : null;
}

/** A ballot's tracker: 88 bits of its commitment in eight words. */
export function tracker(commitment: string): string {
  const bits = BigInt(`0x${commitment.slice(0, 22)}`);
  const short = 'bflmnrsv';
  const words = Array.from({ length: 8 }, (_, at) => {
    const part = Number((bits >> BigInt(11 * (7 - at))) & 2047n);
    return `${CONSONANTS[part >> 7]}${VOWELS[(part >> 5) & 3]}${short[(part >> 2) & 7]}${VOWELS[part & 3]}`;
  });
  return words.join(' ');
}

export const me = () => get<Resident>('/api/v1/residents/me');
export const allKeys = () => get<Keys>('/api/v1/residents/keys');
export const qr = (text: string) => ask<{ rows: string[] }>('POST', '/api/v1/residents/qr', { text });
export const enrolLink = (code: string) => `${location.origin}/#/enrol/${code}`;
