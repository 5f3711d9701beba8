// A member in another language against a real hive: first our bytes against the golden ones, then the door, then a life
// as a member. The last line says how many checks passed.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

// libp2p wants Node 22 for this one function.
Promise.withResolvers ??= () => {
  let [resolve, reject] = [];
  const promise = new Promise((...both) => ([resolve, reject] = both));
  return { promise, resolve, reject };
};

const { get, start, until } = await import('../browser/neighbourhood.mjs');
const { encode, hex, same } = await import('./cbor.mjs');
const { Member, ask } = await import('./hive.mjs');
const wire = await import('./wire.mjs');
const { tokens } = await import('./tokens.mjs');
const { vectors } = await import('./vectors.mjs');

const here = path.dirname(fileURLToPath(import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? path.join(here, '../../target');
const programs = process.env.SYMBIOSE_PROGRAMS ?? path.join(target, 'release');
const FINAL_MS_MAX = 20_000;
/** How long somebody who may not come in waits before it is sure. */
const REFUSED_MS_MAX = 6_000;
/** The last height at which what we sign may stand in a block. */
const EXPIRES = 1_000;

/** How js-libp2p says that nothing came of the handshake. */
const NO_HANDSHAKE = /EncryptionFailed|Timeout|Abort/;

const tally = { passed: 0, failed: 0 };

async function check(name, run) {
  try {
    const said = await run();
    tally.passed += 1;
    console.log(`ok      ${name}${said ? `: ${said}` : ''}`);
    return true;
  } catch (error) {
    tally.failed += 1;
    console.log(`not ok  ${name}\n${String(error.stack ?? error).replace(/^/gm, '        ')}`);
    return false;
  }
}

const expect = (holds, otherwise) => {
  if (!holds) throw new Error(otherwise);
};

async function refused(promise, pattern) {
  const error = await promise.then((value) => value, (failure) => failure);
  expect(error instanceof Error, `not refused: ${JSON.stringify(error)}`);
  expect(pattern.test(`${error.name}: ${error.message}`), `refused for another reason: ${error.stack}`);
  return error.name;
}

const newSeed = () => Uint8Array.from(randomBytes(32));

/** An invitation, made by an authority's operator. */
function invite(node, expires = '1h') {
  const said = execFileSync(path.join(programs, 'symbiose'), ['invite', '--json', '--expires', expires, '--dir', node.data_dir], {
    encoding: 'utf8',
  });
  return wire.readInvitation(JSON.parse(said).invitation);
}

async function knock(invitation, seed, address = invitation.addresses[0], swarmKey = invitation.swarmKey) {
  const { chain } = invitation.grant;
  const request = wire.joinRequest(invitation, seed);
  return wire.readJoinResponse(await ask({ seed, swarmKey, chain, address, request }), chain);
}

async function door(net) {
  const [first, second] = net.nodes;
  const invitation = invite(first);
  const [address] = invitation.addresses;
  const { chain } = invitation.grant;
  const { swarmKey } = invitation;
  const seed = newSeed();
  const connect = (options) =>
    Member.connect({ seed, swarmKey, chain, address, timeoutMs: REFUSED_MS_MAX, ...options }).then((member) => member.close());

  await check('without the hive key there is no connection', () => refused(connect({ swarmKey: null }), NO_HANDSHAKE));
  await check('with the key of another hive neither', () => refused(connect({ swarmKey: newSeed() }), NO_HANDSHAKE));
  await check('with the hive key alone there is a connection, and nothing is offered on it', () => refused(connect({}), /UnsupportedProtocol/));
  await check('an invitation that no authority signed is refused', async () => {
    const [grant] = invitation.signed;
    const own = wire.sign('symbiose/invitation/v1', chain, wire.grantDigest(grant), seed);
    const forged = { ...invitation, signed: [grant, wire.publicKey(seed), own] };
    expect((await knock(forged, seed)).refused === 'NotInvited', 'let in');
  });
  await check('an invitation without its secret is refused', async () => {
    expect((await knock({ ...invitation, secret: newSeed() }, seed)).refused === 'NotInvited', 'let in');
  });
  await check('an expired invitation is refused', async () => {
    const short = invite(first, '1s');
    await until('it expires', 5_000, () => Date.now() > short.grant.expires + 200);
    const answer = await knock(short, newSeed());
    expect(answer.refused === 'Expired', JSON.stringify(answer));
  });
  const accepted = await knock(invitation, seed);
  await check('a valid invitation is accepted, with the founding document of its hive', () => {
    expect(accepted.genesis, JSON.stringify(accepted));
    expect(accepted.genesis.authorities.length === 4, 'four authorities founded it');
  });
  const own = hex(wire.addressOf(wire.publicKey(seed)));
  await check('the hive admits the new key', () =>
    until('every node lists it', FINAL_MS_MAX, async () => {
      const lists = await Promise.all(net.nodes.map((node) => get(node, '/api/v1/members')));
      return lists.every(({ items }) => items.some((it) => it.id === own));
    }).then(() => undefined));
  await check('a used invitation is refused, at every member', async () => {
    for (const node of [first, second]) {
      const answer = await knock(invitation, newSeed(), node.p2p);
      expect(answer.refused === 'Used', JSON.stringify(answer));
    }
  });
  return { invitation, seed, genesis: accepted.genesis };
}

/** Takes in blocks until the chain has reached a height. */
async function catchUp(member, chain, height) {
  while (chain.head.height < height) {
    const blocks = await member.fetch(chain.head.height + 1, 256);
    expect(blocks.length > 0, `no block ${chain.head.height + 1}`);
    for (const [block, certificate] of blocks) chain.append(block, certificate);
  }
}

/** What a building says of a work order: a kind, an urgency and hashes. */
const workOrder = () => ({ OpenWorkOrder: [newSeed(), newSeed(), 'Hvac', newSeed(), 'Low', newSeed()] });

async function life(net, { invitation, seed, genesis }) {
  const { swarmKey, addresses } = invitation;
  const chain = new wire.Chain(genesis);
  const connect = () => Member.connect({ seed, swarmKey, chain: chain.id, address: addresses[0] });
  let member = await connect();
  const final = (id) =>
    until('it is final', FINAL_MS_MAX, async () => {
      for (const [block, certificate] of await member.fetch(chain.head.height + 1, 256)) chain.append(block, certificate);
      return chain.transactions.get(hex(id));
    });
  /** Gossip promises nothing: publishes again until it is final, which the sequence makes harmless. */
  const settle = async ({ whole, id }) => {
    const publish = () => void member.publish(whole).catch(() => undefined);
    const again = setInterval(publish, 1_000);
    try {
      publish();
      return await final(id);
    } finally {
      clearInterval(again);
    }
  };
  try {
    const opened = wire.transaction(chain.id, seed, 1, EXPIRES, workOrder());
    await check('a transaction signed here is taken in and becomes final', async () => {
      return `at height ${await settle(opened)}`;
    });
    await check('every node shows it at that height', async () => {
      for (const node of net.nodes) {
        const shown = await until('it is shown', FINAL_MS_MAX, () => get(node, `/api/v1/ledger/transactions/${hex(opened.id)}`));
        expect(shown.height === chain.transactions.get(hex(opened.id)), JSON.stringify(shown));
      }
    });
    await check('headers heard by gossip are final and those of the blocks fetched', async () => {
      await member.until('one is heard', () => member.headers.length > 0, FINAL_MS_MAX);
      for (const [fields, certificate] of member.headers) {
        const header = wire.readHeader(fields);
        wire.verifyCertificate(header, certificate, chain.authorities);
        if (header.height <= chain.head.height) expect(same(chain.ids[header.height], header.id), `height ${header.height}`);
      }
      return `${member.headers.length} headers, ${chain.head.height} blocks`;
    });
    await check('the checkpoint of a later invitation is a block we verified', async () => {
      const { height, block } = invite(net.nodes[1]).grant;
      await catchUp(member, chain, height);
      expect(height > 0 && same(chain.ids[height], block), `height ${height}`);
    });
    await check('a forged, doubled, missing or foreign signature makes no certificate', () => forgeries(member, genesis));
    await check('what another node is handed by HTTP is heard by gossip', async () => {
      const next = wire.transaction(chain.id, seed, 2, EXPIRES, workOrder());
      const { http, token } = net.nodes[2];
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/cbor' };
      const answer = await fetch(`${http}/api/v1/ledger/transactions`, { method: 'POST', headers, body: encode(next.whole) });
      expect(answer.ok, await answer.text());
      const heard = () => member.transactions.some((it) => same(wire.transactionId(chain.id, it), next.id));
      await member.until('it is heard', heard, FINAL_MS_MAX);
      await final(next.id);
    });
    await check('a member that comes back goes on where it was', async () => {
      await member.close();
      member = await connect();
      await settle(wire.transaction(chain.id, seed, 3, EXPIRES, workOrder()));
    });
    await check('a replayed transaction and one signed for another hive never count', async () => {
      const elsewhere = wire.transaction(newSeed(), seed, 4, EXPIRES, workOrder());
      await member.publish(opened.whole);
      await member.publish(elsewhere.whole);
      await settle(wire.transaction(chain.id, seed, 4, EXPIRES, workOrder()));
      const { items } = await get(net.nodes[0], '/api/v1/ledger/blocks');
      expect(!chain.transactions.has(hex(elsewhere.id)), 'a signature for another hive counts');
      expect(items[0].height === chain.head.height && chain.head.logSize === chain.transactions.size, 'something counts twice');
    });
  } finally {
    await member.close();
  }
}

/** Each way to fake the certificate of the first block. */
async function forgeries(member, genesis) {
  const [[block, certificate]] = await member.fetch(1, 1);
  const [signature, other] = [certificate[3][0][1], newSeed()];
  const holds = (change, octets = block) => {
    const signatures = change(certificate[3].map((pair) => [...pair]));
    new wire.Chain(genesis).append(octets, [...certificate.slice(0, 3), signatures]);
  };
  const fails = (pattern, ...how) => refused(Promise.resolve().then(() => holds(...how)), pattern);
  holds((all) => all);
  await fails(/did not sign/, ([[address], ...rest]) => [[address, signature.map((byte, i) => byte ^ Number(i === 5))], ...rest]);
  await fails(/stands twice/, ([first, second]) => [first, second, first]);
  await fails(/no authority/, ([first, second]) => [first, second, [wire.addressOf(other), signature]]);
  await fails(/2 signatures, 3 needed/, (all) => all.slice(0, 2));
  await fails(/another block|other transactions|did not sign|cut off|canonical/, (all) => all, block.map((byte, i) => byte ^ Number(i === 80)));
}

await vectors(check, expect, path.join(here, '../golden'), path.join(here, '../../protocol/WIRE.md'));
const net = await start(programs, path.join(target, 'foreign'), ['--buildings', '4', '--authorities', '4', '--seed', '7']);
try {
  const admitted = await door(net);
  await life(net, admitted);
} catch (error) {
  await check('the walk ends', () => Promise.reject(error));
} finally {
  await net.stop();
}
try {
  await tokens(check, expect, programs, path.join(target, 'foreign-tokens'));
} catch (error) {
  await check('the walk with tokens ends', () => Promise.reject(error));
}
console.log(`foreign: ${tally.passed} passed, ${tally.failed} failed`);
process.exit(tally.failed > 0 ? 1 : 0);
