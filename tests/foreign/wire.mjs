// What the bytes mean: ids, signatures, invitations, transactions, blocks and certificates. `protocol/WIRE.md` says the
// same in words. Nothing here opens a socket.
import { ed25519 } from '@noble/curves/ed25519.js';
import { blake3 } from '@noble/hashes/blake3.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { big, bytes, decode, encode, hex, join, same } from './cbor.mjs';

const utf8 = (text) => new TextEncoder().encode(text);
const Point = ed25519.Point;

export const publicKey = (seed) => ed25519.getPublicKey(seed);
export const addressOf = (key) => blake3(key).slice(0, 20);
/** The first 16 digits of the chain id: part of every protocol and topic name. */
export const hiveName = (chain) => hex(chain).slice(0, 16);

/** blake3 in key-derivation mode over parts, each behind its length. */
export function digest(domain, parts) {
  return blake3(join(...parts.flatMap((part) => [big(part.length, 8), part])), { context: utf8(domain) });
}

const signed = (tag, chain, body) => join(utf8(tag), Uint8Array.of(0), chain, body);

/** Signs a body for one purpose in one hive. */
export const sign = (tag, chain, body, seed) => ed25519.sign(signed(tag, chain, body), seed);

/**
 * Whether a signature holds, strictly: no key and no R of small order, S below the order, and the equation itself, not
 * eight times it. A library's usual `verify` accepts more.
 */
export function verify(tag, chain, body, signature, key) {
  const message = signed(tag, chain, body);
  return verifyStrict(signature, message, key);
}

export function verifyStrict(signature, message, key) {
  const little = (octets) => BigInt(`0x${hex(octets.slice().reverse())}`);
  const [r, s] = [signature.slice(0, 32), little(signature.slice(32))];
  if (signature.length !== 64 || s >= Point.Fn.ORDER) return false;
  try {
    const [A, R] = [Point.fromBytes(key), Point.fromBytes(r)];
    if (A.isSmallOrder() || R.isSmallOrder()) return false;
    const k = Point.Fn.create(little(sha512(join(r, key, message))));
    return Point.BASE.multiplyUnsafe(s).equals(R.add(A.multiplyUnsafe(k)));
  } catch {
    return false;
  }
}

/** Reads `symbiose1:<hex>`. */
export function readInvitation(text) {
  if (!text.startsWith('symbiose1:')) throw new Error('an invitation starts with symbiose1:');
  const [signedGrant, secret, swarmKey, addresses] = decode(bytes(text.slice('symbiose1:'.length)));
  const [grant, inviter, signature] = signedGrant;
  const [chain, nonce, role, expires, height, block] = grant;
  const holds =
    verify('symbiose/invitation/v1', chain, grantDigest(grant), signature, inviter) &&
    same(digest('symbiose invitation nonce v1', [secret]), nonce);
  if (!holds) throw new Error('the invitation is not what its inviter signed');
  return {
    signed: signedGrant,
    secret,
    swarmKey,
    addresses: addresses.map((address) => new TextDecoder().decode(address)),
    grant: { chain, nonce, role, expires, height, block },
  };
}

/** What inviter and newcomer sign of a grant. */
export const grantDigest = (grant) => blake3(encode(grant));

/** What a newcomer sends to be let in: the signed grant, its secret, the newcomer's key and the proof that it owns it. */
export function joinRequest(invitation, seed) {
  const grant = invitation.signed[0];
  const proof = sign('symbiose/join/v1', invitation.grant.chain, grantDigest(grant), seed);
  return encode([invitation.signed, invitation.secret, publicKey(seed), proof]);
}

/** The answer: `{ genesis }` if the hive of the invitation accepts, `{ refused }` with the reason otherwise. */
export function readJoinResponse(octets, chain) {
  const answer = decode(octets);
  if ('Refused' in answer) return { refused: answer.Refused };
  if (!same(blake3(encode(answer.Accepted)), chain)) throw new Error('the genesis of another hive');
  const [version, time, salt, authorities, followers] = answer.Accepted;
  if (version !== 1) throw new Error(`genesis version ${version}`);
  return { genesis: { chain, time, salt, authorities, followers } };
}

/** Signs a transaction; `payload` is `{ Kind: content }`. */
export function transaction(chain, seed, sequence, expires, payload) {
  const body = [publicKey(seed), sequence, expires, payload];
  const whole = [body, sign('symbiose/transaction/v1', chain, encode(body), seed)];
  return { whole, id: blake3(encode(whole)) };
}

/** Checks a received transaction; answers its id. */
export function transactionId(chain, [body, signature]) {
  if (!verify('symbiose/transaction/v1', chain, encode(body), signature, body[0])) {
    throw new Error('a transaction that its author did not sign');
  }
  return blake3(encode([body, signature]));
}

const FIELDS = [
  'chain', 'height', 'previous', 'time', 'transactions', 'state', 'logRoot', 'logSize',
  'authorities', 'nextAuthorities', 'proposer',
];

/** A header with names, and its id. */
export function readHeader(fields) {
  if (fields.length !== FIELDS.length) throw new Error(`a header of ${fields.length} fields`);
  return { ...Object.fromEntries(FIELDS.map((name, i) => [name, fields[i]])), id: blake3(encode(fields)) };
}

export const voteBytes = (kind, height, round, block, address) =>
  join(Uint8Array.of(kind), big(height, 8), big(round, 4), Uint8Array.of(block ? 1 : 0), block ?? new Uint8Array(32), address);

export const authoritiesHash = (keys) => digest('symbiose authority set v1', byAddress(keys));

const byAddress = (keys) => [...keys].sort((a, b) => Buffer.compare(addressOf(a), addressOf(b)));

/** Checks that more than two thirds of the authorities precommitted to this header. */
export function verifyCertificate(header, [height, round, block, signatures], authorities) {
  if (height !== header.height || !same(block, header.id)) throw new Error('a certificate of another block');
  if (!same(authoritiesHash(authorities), header.authorities)) throw new Error('a block of other authorities');
  const keys = new Map(authorities.map((key) => [hex(addressOf(key)), key]));
  const signers = new Set();
  for (const [address, signature] of signatures) {
    const key = keys.get(hex(address));
    if (!key || signers.has(key)) throw new Error('a signer who is no authority, or stands twice');
    if (!verify('symbiose/vote/v1', header.chain, voteBytes(2, height, round, block, address), signature, key)) {
      throw new Error('a precommit that its authority did not sign');
    }
    signers.add(key);
  }
  const quorum = Math.floor((authorities.length * 2) / 3) + 1;
  if (signers.size < quorum) throw new Error(`${signers.size} signatures, ${quorum} needed`);
}

/** The chain from its founding document on, block by block, each checked before it counts. */
export class Chain {
  constructor(genesis) {
    this.id = genesis.chain;
    this.head = { height: 0, id: genesis.chain, time: genesis.time, logSize: 0 };
    this.authorities = genesis.authorities;
    this.members = [...genesis.authorities, ...genesis.followers];
    /** Id by height of every block. */
    this.ids = [genesis.chain];
    /** Height by id of every transaction. */
    this.transactions = new Map();
  }

  /** Appends a final block: canonical bytes of `[header, transactions]` and its certificate. */
  append(block, certificate) {
    const [fields, transactions] = decode(block);
    const header = readHeader(fields);
    const follows =
      same(header.chain, this.id) &&
      header.height === this.head.height + 1 &&
      same(header.previous, this.head.id) &&
      header.time > this.head.time &&
      header.logSize === this.head.logSize + transactions.length;
    if (!follows) throw new Error(`block ${header.height} does not follow ${this.head.height}`);
    const ids = transactions.map((it) => transactionId(this.id, it));
    if (!same(digest('symbiose block transactions v1', ids), header.transactions)) {
      throw new Error('other transactions than the header names');
    }
    verifyCertificate(header, certificate, this.authorities);
    for (const id of ids) this.transactions.set(hex(id), header.height);
    for (const [[, , , payload]] of transactions) if (payload.Admit) this.members.push(payload.Admit[3]);
    this.authorities = this.#next(header.nextAuthorities);
    this.head = header;
    this.ids.push(header.id);
    return header;
  }

  /** The set of the next block. Its hash is final with the header, so whatever set has that hash is the one. */
  #next(hash) {
    const now = this.authorities;
    const others = this.members.filter((key) => !now.some((it) => same(it, key)));
    const without = (gone) => now.filter((key) => !same(key, gone));
    const candidates = [
      now,
      ...others.map((key) => [...now, key]),
      ...now.map(without),
      ...now.flatMap((gone) => others.map((key) => [...without(gone), key])),
    ];
    const next = candidates.find((keys) => same(authoritiesHash(keys), hash));
    if (!next) throw new Error('the authorities changed in more than one place at once');
    return next;
  }
}
