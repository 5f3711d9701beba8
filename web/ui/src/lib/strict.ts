// Ed25519 as the nodes check it: a library's own `verify`, also with `zip215: false`, multiplies the equation by eight and
// so takes signatures which the nodes refuse. Whoever checks a proof here must come to the node's answer.

import { Point } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';

const ORDER = Point.CURVE().n;

/** Whether S·B = R + k·A, with nothing of small order and every number in its shortest form. */
export function verifyStrict(signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  const [r, s] = [signature.subarray(0, 32), little(signature.subarray(32))];
  if (s >= ORDER) return false;
  try {
    const [A, R] = [Point.fromBytes(key), Point.fromBytes(r)];
    if (A.isSmallOrder() || R.isSmallOrder()) return false;
    const k = little(sha512(Uint8Array.from([...r, ...key, ...message]))) % ORDER;
    return Point.BASE.multiply(s, false).equals(R.add(A.multiply(k, false)));
  } catch {
    return false;
  }
}

const little = (bytes: Uint8Array): bigint => bytes.reduceRight((all, byte) => (all << 8n) | BigInt(byte), 0n);
