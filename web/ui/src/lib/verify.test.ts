import { expect, test } from 'vitest';
import type { Proof } from './api';
import { authoritiesHash, rootOf, STEPS, verify } from './verify';
import sample from './verify.sample.json';

const proof = sample.proof as Proof;
const keys = sample.authorities;
const copy = () => structuredClone(proof);

/** Another digit at a place of a text of hexadecimal digits. */
const bent = (text: string, at: number) => text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1);

test('a proof of a real hive holds', () => {
  expect(verify(proof.id, proof, keys)).toEqual({
    held: [...STEPS],
    height: BigInt(proof.height),
    signatures: proof.certificate.signatures.length,
    quorum: 3,
    authorities: 4,
  });
});

test('whoever lists the authorities, their order is their own', () => {
  expect(authoritiesHash([...keys].reverse())).toEqual(authoritiesHash(keys));
});

test('every digit that is bent breaks the step it belongs to', () => {
  for (let at = 0; at < proof.leaf.length; at += 37) {
    expect(verify(proof.id, { ...copy(), leaf: bent(proof.leaf, at) }, keys).broken).toBe('transaction');
  }
  for (const [i, step] of proof.path.entries()) {
    const path = [...proof.path];
    path[i] = bent(step, 11);
    expect(verify(proof.id, { ...copy(), path }, keys).broken).toBe('path');
  }
  for (let at = 0; at < proof.header.length; at += 13) {
    expect(verify(proof.id, { ...copy(), header: bent(proof.header, at) }, keys).held.length).toBeLessThan(3);
  }
  for (let i = 0; i < proof.certificate.signatures.length; i++) {
    const one = copy();
    const signature = one.certificate.signatures[i];
    if (signature) signature.signature = bent(signature.signature, 64);
    expect(verify(proof.id, one, keys).broken).toBe('certificate');
  }
});

test('what belongs to something else is refused', () => {
  expect(verify(bent(proof.id, 0), proof, keys).broken).toBe('transaction');
  expect(verify(proof.id, { ...copy(), leaf_index: proof.leaf_index + 1 }, keys).broken).toBe('path');
  expect(verify(proof.id, proof, keys.slice(1)).broken).toBe('authorities');
  const [first] = proof.certificate.signatures;
  const twice = copy();
  if (first) twice.certificate.signatures = [first, first, first];
  expect(verify(proof.id, twice, keys).broken).toBe('certificate');
  const few = copy();
  few.certificate.signatures = few.certificate.signatures.slice(0, 2);
  expect(verify(proof.id, few, keys).broken).toBe('certificate');
  expect(verify(proof.id, { ...copy(), leaf: 'nonsense' }, keys).broken).toBe('transaction');
});

test('a leaf outside its log has no root', () => {
  const leaf = new Uint8Array(32);
  expect(rootOf(leaf, 1n, 1n, [])).toBeUndefined();
  expect(rootOf(leaf, 0n, 2n, [])).toBeUndefined();
  expect(rootOf(leaf, 0n, 1n, [leaf])).toBeUndefined();
  expect(rootOf(leaf, 0n, 1n, [])).toBeDefined();
});
