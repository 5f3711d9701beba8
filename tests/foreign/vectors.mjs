// The same bytes as ours: every golden vector read and written again, and the ids, sign bytes and signatures among them.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { blake3 } from '@noble/hashes/blake3.js';
import { bytes, decode, encode, hex, same } from './cbor.mjs';
import * as wire from './wire.mjs';

/** Lines of `name = hex`. */
function golden(folder, file) {
  const lines = readFileSync(path.join(folder, file), 'utf8').trim().split('\n');
  return new Map(lines.map((line) => line.split(' = ')).map(([name, digits]) => [name, bytes(digits)]));
}

export async function vectors(check, expect, folder, document) {
  const types = golden(folder, 'protocol.hex');
  const signed = golden(folder, 'signed.hex');
  const known = (name) => signed.get(name) ?? types.get(name);

  await check('every golden vector of the wire reads and writes the same', () => {
    for (const [name, octets] of types) expect(same(encode(decode(octets)), octets), name);
    return `${types.size} types`;
  });
  await check('every longer or shorter form of them is refused', () => {
    const refused = (octets) => {
      try {
        decode(octets);
        return false;
      } catch {
        return true;
      }
    };
    for (const [name, octets] of types) {
      expect(refused(Uint8Array.of(...octets, 0)), `${name} with a byte behind`);
      expect(refused(octets.slice(0, -1)), `${name} cut`);
    }
    for (const other of ['1800', '190001', '1b0000000000000001', '5f4101ff', '9f01ff', 'fb3ff0000000000000', 'a2616100616200', 'f7', '61ff']) {
      expect(refused(bytes(other)), other);
    }
  });
  await check('ids and sign bytes are those of the golden vectors', () => {
    const genesis = known('Genesis');
    expect(same(blake3(genesis), known('ChainId of the genesis')), 'chain id');
    const header = wire.readHeader(decode(known('BlockHeader')));
    expect(same(header.id, known('BlockId of the header')), 'block id');
    const [, , , authorities] = decode(genesis);
    const first = authorities.find((key) => same(wire.addressOf(key), known('Address of key 1')));
    expect(first, 'address');
    const [kind, height, round, block, address] = decode(known('Vote for nil'));
    const nil = wire.voteBytes(2, height, round, block, address);
    expect(same(nil, known('Vote sign bytes')), `${kind}: ${hex(nil)}`);
    const chain = known('ChainId of the genesis');
    expect(wire.verify('symbiose/vote/v1', chain, nil, known('Signature of a vote'), first), 'signature');
    expect(!wire.verify('symbiose/prop/v1', chain, nil, known('Signature of a vote'), first), 'for another purpose');
    const [body, signature] = decode(known('Transaction approve'));
    expect(wire.verify('symbiose/transaction/v1', chain, encode(body), signature, body[0]), 'transaction');
  });
  await check('the examples of WIRE.md are golden vectors', () => {
    const examples = [...readFileSync(document, 'utf8').matchAll(/^([A-Z][A-Za-z0-9 ]+) = ([0-9a-f]+)$/gm)];
    for (const [, name, digits] of examples) expect(known(name) && hex(known(name)) === digits, name);
    expect(examples.length >= 9, `${examples.length} examples`);
  });
  const speccheck = path.join(process.env.SYMBIOSE_DATA ?? '', 'vectors/ed25519_speccheck.json');
  if (!existsSync(speccheck)) return console.log(`passed over: ${speccheck} is not there, so strict signatures are not held against it`);
  await check('signatures are checked as strictly as the nodes do', () => {
    for (const { case: number, message, public_key: key, signature, strict } of JSON.parse(readFileSync(speccheck, 'utf8'))) {
      const holds = wire.verifyStrict(bytes(signature), bytes(message), bytes(key));
      expect(holds === (strict === 'accept'), `case ${number}`);
    }
  });
}
