// The sockets of a member: TCP behind the hive's key, noise, yamux, three stream protocols and two gossip topics, all by
// js-libp2p.
import { privateKeyFromRaw } from '@libp2p/crypto/keys';
import { gossipsub } from '@libp2p/gossipsub';
import { identify } from '@libp2p/identify';
import { noise } from '@libp2p/noise';
import { ping } from '@libp2p/ping';
import { preSharedKey } from '@libp2p/pnet';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { big, decode, encode, hex, join } from './cbor.mjs';
import { hiveName, publicKey } from './wire.mjs';

const utf8 = (text) => new TextEncoder().encode(text);
const JOIN_FRAME_BYTES_MAX = 64 * 1024;
const SYNC_FRAME_BYTES_MAX = 4 * 1024 * 1024;

/** As rust-libp2p names a message, so that both sides know what the other has. */
const messageId = (message) => utf8(`${message.from}${message.sequenceNumber}`);

/** A libp2p node with our key, behind the hive's key (or another, or none). */
function swarm(seed, swarmKey, services) {
  const psk = swarmKey && utf8(`/key/swarm/psk/1.0.0/\n/base16/\n${hex(swarmKey)}\n`);
  return createLibp2p({
    privateKey: privateKeyFromRaw(join(seed, publicKey(seed))),
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    ...(psk && { connectionProtector: preSharedKey({ psk }) }),
    services,
    connectionMonitor: { enabled: false },
  });
}

/** Reads frames: four bytes of length, big end first, then as many bytes. */
async function* frames(stream, limit) {
  let waiting = Buffer.alloc(0);
  for await (const chunk of stream) {
    waiting = Buffer.concat([waiting, chunk.subarray()]);
    while (waiting.length >= 4) {
      const length = waiting.readUInt32BE();
      if (length > limit) throw new Error(`a frame of ${length} bytes`);
      if (waiting.length < 4 + length) break;
      yield Uint8Array.from(waiting.subarray(4, 4 + length));
      waiting = waiting.subarray(4 + length);
    }
  }
}

const frame = (payload) => join(big(payload.length, 4), payload);

/** Sends a request to join to one address and answers what comes back. All that a stranger may do. */
export async function ask({ seed, swarmKey, chain, address, request, timeoutMs = 30_000 }) {
  const node = await swarm(seed, swarmKey, {});
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const stream = await node.dialProtocol(multiaddr(address), `/symbiose/${hiveName(chain)}/join/1`, { signal });
    stream.send(frame(request));
    for await (const answer of frames(stream, JOIN_FRAME_BYTES_MAX)) return answer;
    throw new Error('the stream ended without an answer');
  } finally {
    await node.stop();
  }
}

/** A member that is connected. */
export class Member {
  #node;
  #names;
  #lane = null;
  #waiting = [];
  /** Decided headers heard by gossip: `[header fields, certificate]`. */
  headers = [];
  /** Transactions heard by gossip. */
  transactions = [];
  /** The last status of the other side: `[height, block, name]`. */
  status = null;
  /** Called with what is heard. */
  heard = () => {};

  static async connect({ seed, swarmKey, chain, address, timeoutMs = 10_000 }) {
    const member = new Member();
    await member.#open(seed, swarmKey, chain);
    try {
      await member.#dial(address, timeoutMs);
      return member;
    } catch (error) {
      await member.close();
      throw error;
    }
  }

  async #open(seed, swarmKey, chain) {
    const name = (part) => `/symbiose/${hiveName(chain)}/${part}/1`;
    this.#names = { sync: name('sync'), transactions: name('transactions'), headers: name('headers') };
    this.#node = await swarm(seed, swarmKey, {
      identify: identify(),
      ping: ping(),
      gossip: gossipsub({
        globalSignaturePolicy: 'StrictSign',
        msgIdFn: messageId,
        allowedTopics: [this.#names.transactions, this.#names.headers],
        floodPublish: true,
      }),
    });
    await this.#node.handle(this.#names.sync, (stream) => this.#listen(stream));
    const { gossip } = this.#node.services;
    gossip.addEventListener('message', ({ detail }) => this.#gossip(detail));
    gossip.subscribe(this.#names.transactions);
    gossip.subscribe(this.#names.headers);
  }

  /**
   * Who is no member is not offered the lane. A first question shows that the other side opens its own to us; what is
   * gossiped before we are in the mesh passes us by.
   */
  async #dial(address, timeoutMs) {
    const signal = AbortSignal.timeout(timeoutMs);
    const connection = await this.#node.dial(multiaddr(address), { signal });
    this.#lane = await this.#node.dialProtocol(connection.remotePeer, this.#names.sync, { signal });
    await this.fetch(1, 1);
    const { gossip } = this.#node.services;
    const topics = [this.#names.transactions, this.#names.headers];
    await this.until('gossip reaches us', () => topics.every((topic) => gossip.getMeshPeers(topic).length > 0), timeoutMs);
  }

  async #listen(stream) {
    for await (const payload of frames(stream, SYNC_FRAME_BYTES_MAX)) {
      const message = decode(payload);
      if (message.Status) this.status = message.Status;
      if (message.SyncResponse) this.#waiting.shift()?.(message.SyncResponse[0]);
      if (message.SyncRequest) this.#lane?.send(frame(encode({ SyncResponse: [[]] })));
      this.heard();
    }
  }

  #gossip(message) {
    if (message.topic === this.#names.headers) this.headers.push(decode(message.data));
    if (message.topic === this.#names.transactions) this.transactions.push(...decode(message.data));
    this.heard();
  }

  /** Waits until something heard makes `look` true. */
  until(what, look, timeoutMs) {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => over(reject, new Error(`${what}: not within ${timeoutMs / 1000} s`)), timeoutMs);
      const again = setInterval(() => this.heard(), 100);
      const over = (end, value) => {
        clearTimeout(late);
        clearInterval(again);
        this.heard = () => {};
        end(value);
      };
      this.heard = () => {
        try {
          const seen = look();
          if (seen) over(resolve, seen);
        } catch (error) {
          over(reject, error);
        }
      };
      this.heard();
    });
  }

  /** Final blocks from a height on: `[canonical block, certificate]` each, as many as fit into one answer. */
  async fetch(from, count) {
    const answer = new Promise((resolve, reject) => {
      this.#waiting.push(resolve);
      AbortSignal.timeout(5_000).addEventListener('abort', () => reject(new Error('no answer to a request for blocks')));
    });
    this.#lane.send(frame(encode({ SyncRequest: [from, count] })));
    return answer;
  }

  /** Hands transactions to the hive. */
  async publish(...transactions) {
    const { recipients } = await this.#node.services.gossip.publish(this.#names.transactions, encode(transactions));
    return recipients.length;
  }

  async close() {
    await this.#node.stop();
  }
}
