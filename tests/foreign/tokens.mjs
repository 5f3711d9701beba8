// Tokens as ethers and viem read them from the façade under /rpc: a slot and a week are settled with the keys of two
// authorities, a member's sales become tokens and credits, members move, allow and retire them, and what both
// libraries then say has to be what every node says. Nothing of ours stands between the libraries and the node.
import { Contract, FetchRequest, JsonRpcProvider, ZeroAddress, getAddress } from 'ethers';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createPublicClient, erc20Abi, http } from 'viem';
import { get, start, until } from '../browser/neighbourhood.mjs';
import { bytes, encode, hex } from './cbor.mjs';
import * as wire from './wire.mjs';

const NRG = '0x4e52470000000000000000000000000000000001';
const CARBON = '0x434f320000000000000000000000000000000001';
/** How much faster than the wall the hive's clock runs: a slot is a second. */
const SPEED = 900;
const SLOT_MS = 15 * 60 * 1000;
const EXPIRES = 1_000;
const WAIT_MS_MAX = 20_000;

async function post(node, where, body) {
  const headers = { authorization: `Bearer ${node.token}`, 'content-type': 'application/json' };
  const answer = await fetch(`${node.http}${where}`, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${where}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

/** What two authorities may bring on the ledger in this hive. */
class Desks {
  constructor(net, chain) {
    this.net = net;
    this.chain = chain;
    this.seeds = net.nodes.map((node) => bytes(readFileSync(path.join(node.data_dir, 'node.key'), 'utf8').trim()));
    this.addresses = this.seeds.map((seed) => wire.addressOf(wire.publicKey(seed)));
  }

  /** Three of four authorities decide. */
  async decide(propose) {
    const { id } = await propose(this.net.nodes[0]);
    for (const node of this.net.nodes.slice(1, 3)) await post(node, `/api/v1/governance/${id}/approve`, {});
  }

  energy(action) {
    const decision = hex(encode(action));
    return this.decide((node) => post(node, '/api/v1/governance', { kind: 'energy', decision }));
  }

  /** Operators of neighbouring desks differ. */
  rota() {
    return this.addresses.map((address, n) => [address, new Uint8Array(32).fill(1 + (n % 2))]);
  }

  /** Brings a settlement with two signatures, as the last node. */
  async settle(settlement, day) {
    const turn = day % this.seeds.length;
    const pair = [turn, (turn + 1) % this.seeds.length];
    const body = encode(settlement);
    const signatures = pair.map((n) => [this.addresses[n], wire.sign('symbiose/settlement/v1', this.chain, body, this.seeds[n])]);
    const payload = { Settle: [settlement, signatures] };
    const { http: base, token } = this.net.nodes[3];
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/cbor' };
    let sequence = 1;
    for (let tries = 0; tries < 10; tries += 1) {
      const { whole } = wire.transaction(this.chain, this.seeds[3], sequence, EXPIRES, payload);
      const answer = await fetch(`${base}/api/v1/ledger/transactions?wait=committed`, { method: 'POST', headers, body: encode(whole) });
      const said = await answer.text();
      if (answer.ok) return undefined;
      // Its own node signs as well; the refusal names the place that is free.
      const due = /sequence \d+, (\d+) is due/.exec(said);
      if (!due) return said;
      sequence = Number(due[1]);
    }
    throw new Error('no place for the transaction');
  }
}

/** Member 1 sells to member 2 in one slot, and the week is booked. */
async function share(net, desks, sold) {
  const now = async () => Date.parse((await get(net.nodes[0], '/api/v1/node')).time);
  const slotAt = (ms) => Math.floor(ms / SLOT_MS);
  // A new neighbourhood votes settlers and a tariff by itself: ours has to be the later word.
  await until('the neighbourhood has voted', WAIT_MS_MAX, async () => {
    const { items } = await get(net.nodes[0], '/api/v1/governance?limit=100');
    return items.filter((one) => one.action.kind === 'energy' && one.status === 'executed').length >= 2;
  });
  await desks.energy({ Settle: desks.rota() });
  const slot = slotAt(await now()) + 3;
  await desks.energy({ Charge: [250_000, 40_000, [0, 0, 0, 0], slot] });
  const day = Math.floor((slot * SLOT_MS) / 86_400_000);
  const week = Math.floor((day + 3) / 7);
  const minting = { grams_per_kwh: 180, baseline: 'Belgian grid mix 2025', from_week: week };
  await desks.decide((node) => post(node, '/api/v1/tokens/minting', minting));
  await until('the slot is over', WAIT_MS_MAX, async () => (await now()) > (slot + 1) * SLOT_MS + SLOT_MS);
  const lines = new Uint8Array(32).fill(7);
  // The hive may have settled the slot by itself: then this is a correction of it.
  let version = 1;
  for (;;) {
    const result = { Slot: [slot, version, sold, sold, sold, 0, 0, 145_000, lines, []] };
    const refused = await desks.settle(result, day);
    if (!refused) break;
    const due = /version \d+, (\d+) is due/.exec(refused);
    if (!due) throw new Error(refused);
    version = Number(due[1]);
  }
  const euros = (sold * 145_000) / 1_000;
  const line = (n, bought, gone, balance) => [desks.addresses[n], bought, gone, balance, 0];
  const net2 = [line(1, 0, sold, euros), line(2, sold, 0, -euros)];
  net2.sort((a, b) => Buffer.compare(a[0], b[0]));
  let number = 1;
  for (;;) {
    const refused = await desks.settle({ Week: [week, number, net2] }, day);
    if (!refused) break;
    const due = /booking of the week \d+, (\d+) is due/.exec(refused);
    if (!due) throw new Error(refused);
    number = Number(due[1]);
  }
  return new Date((week * 7 - 3) * 86_400_000).toISOString().slice(0, 7);
}

/** The same questions to one library. */
class Ethers {
  constructor(node) {
    const request = new FetchRequest(`${node.http}/rpc`);
    request.setHeader('authorization', `Bearer ${node.token}`);
    this.provider = new JsonRpcProvider(request);
    const abi = [
      'function name() view returns (string)',
      'function symbol() view returns (string)',
      'function decimals() view returns (uint8)',
      'function totalSupply() view returns (uint256)',
      'function balanceOf(address) view returns (uint256)',
      'function allowance(address, address) view returns (uint256)',
      'event Transfer(address indexed from, address indexed to, uint256 value)',
      'event Approval(address indexed owner, address indexed spender, uint256 value)',
    ];
    this.contract = (address) => new Contract(address, abi, this.provider);
  }

  async chain() {
    const [network, height] = [await this.provider.getNetwork(), await this.provider.getBlockNumber()];
    const block = await this.provider.getBlock(height, true);
    const again = await this.provider.getBlock(block.hash);
    return { id: network.chainId, height, hash: block.hash, parent: again.parentHash, time: again.timestamp };
  }

  async facts(token) {
    const it = this.contract(token);
    const decimals = Number(await it.decimals());
    return { name: await it.name(), symbol: await it.symbol(), decimals, supply: await it.totalSupply() };
  }

  balance = (token, owner) => this.contract(token).balanceOf(owner);
  allowance = (token, owner, spender) => this.contract(token).allowance(owner, spender);

  async transfers(token) {
    const it = this.contract(token);
    const events = await it.queryFilter(it.filters.Transfer(), 0, 'latest');
    return events.map(({ args, transactionHash }) => ({ from: args.from, to: args.to, value: args.value, hash: transactionHash }));
  }

  async receipt(hash) {
    const receipt = await this.provider.getTransactionReceipt(hash);
    const transaction = await this.provider.getTransaction(hash);
    return { from: receipt.from, to: receipt.to, status: receipt.status, logs: receipt.logs.length, data: transaction.data };
  }

  end() {
    this.provider.destroy();
  }
}

class Viem {
  constructor(node) {
    const fetchOptions = { headers: { authorization: `Bearer ${node.token}` } };
    this.client = createPublicClient({ transport: http(`${node.http}/rpc`, { fetchOptions, retryCount: 0 }) });
    this.read = (address, functionName, args = []) => this.client.readContract({ address, abi: erc20Abi, functionName, args });
  }

  async chain() {
    const [id, height] = [await this.client.getChainId(), await this.client.getBlockNumber({ cacheTime: 0 })];
    const block = await this.client.getBlock({ blockNumber: height, includeTransactions: true });
    const again = await this.client.getBlock({ blockHash: block.hash });
    return { id: BigInt(id), height: Number(height), hash: block.hash, parent: again.parentHash, time: Number(again.timestamp) };
  }

  async facts(token) {
    const [name, symbol] = [await this.read(token, 'name'), await this.read(token, 'symbol')];
    return { name, symbol, decimals: await this.read(token, 'decimals'), supply: await this.read(token, 'totalSupply') };
  }

  balance = (token, owner) => this.read(token, 'balanceOf', [owner]);
  allowance = (token, owner, spender) => this.read(token, 'allowance', [owner, spender]);

  async transfers(address) {
    const events = await this.client.getContractEvents({ address, abi: erc20Abi, eventName: 'Transfer', fromBlock: 0n });
    return events.map(({ args, transactionHash }) => ({ ...args, hash: transactionHash }));
  }

  async receipt(hash) {
    const receipt = await this.client.getTransactionReceipt({ hash });
    const transaction = await this.client.getTransaction({ hash });
    const [from, to] = [getAddress(receipt.from), getAddress(receipt.to)];
    return { from, to, status: receipt.status === 'success' ? 1 : 0, logs: receipt.logs.length, data: transaction.input };
  }

  end() {}
}

const text = (value) => JSON.stringify(value, (_, it) => (typeof it === 'bigint' ? it.toString() : it));

/** Starts a hive of its own, and checks. */
export async function tokens(check, expect, programs, dir) {
  const net = await start(programs, dir, ['--buildings', '4', '--authorities', '4', '--seed', '8', '--speed', `${SPEED}`]);
  const clients = [];
  try {
    const { chain } = await get(net.nodes[0], '/api/v1/ledger/head');
    const desks = new Desks(net, bytes(chain));
    const accounts = desks.addresses.map((address) => getAddress(`0x${hex(address)}`));
    const plain = desks.addresses.map(hex);
    let month;
    const equal = (found, expected, what) => expect(text(found) === text(expected), `${what}: ${text(found)}, expected ${text(expected)}`);
    const shared = await check('a settled week becomes tokens and credits of the seller', async () => {
      month = await share(net, desks, 1_500);
      const held = await get(net.nodes[1], '/api/v1/tokens');
      equal([held.nrg, held.credits[0].id, held.credits[0].held], ['1.5', month, '0.27'], 'what the seller holds');
    });
    if (!shared) return;
    const done = {};
    await check('members move, allow and retire them through their own nodes', async () => {
      done.sent = await post(net.nodes[1], '/api/v1/tokens/transfer', { token: 'nrg', to: plain[3], amount: '0.5' });
      done.allowed = await post(net.nodes[1], '/api/v1/tokens/approve', { token: 'nrg', spender: plain[2], amount: '0.4' });
      done.fetched = await post(net.nodes[2], '/api/v1/tokens/transfer', { token: 'nrg', from: plain[1], to: plain[0], amount: '0.25' });
      done.retired = await post(net.nodes[1], '/api/v1/tokens/retire', { vintage: month, amount: '0.07', reason: 'report' });
      await until('every node knows', WAIT_MS_MAX, async () => {
        const all = await Promise.all(net.nodes.map((node) => get(node, `/api/v1/ledger/transactions/${done.retired.id}`)));
        return all.every(({ height }) => height > 0);
      });
    });
    for (const [name, Client] of [['ethers', Ethers], ['viem', Viem]]) {
      const client = new Client(net.nodes[0]);
      clients.push(client);
      await check(`${name} finds a chain with its blocks`, async () => {
        const seen = await client.chain();
        const block = await get(net.nodes[0], `/api/v1/ledger/blocks/${seen.height}`);
        const time = Math.floor(Date.parse(block.time) / 1000);
        const id = 0x53_0000_0000n + BigInt(`0x${chain.slice(0, 8)}`);
        const { height, previous } = block;
        equal(seen, { id, height, hash: `0x${block.block}`, parent: `0x${previous}`, time }, 'the newest block');
        return `chain ${seen.id}, block ${seen.height}`;
      });
      await check(`${name} reads name, symbol, decimals and supply of both`, async () => {
        const [nrg, carbon] = [await client.facts(NRG), await client.facts(CARBON)];
        equal([nrg.symbol, nrg.decimals, nrg.supply], ['NRG', 3, 1_500n], 'the accounting token');
        equal([carbon.symbol, carbon.decimals, carbon.supply], ['KGCO2E', 6, 200_000n], 'the credits');
        expect(/accounting unit/.test(nrg.name + carbon.name), `it says what it is not: ${nrg.name}`);
      });
      await check(`${name} reads balances and allowances`, async () => {
        const balances = await Promise.all(accounts.map((owner) => client.balance(NRG, owner)));
        equal(balances, [250n, 750n, 0n, 500n], 'balances');
        equal(await client.allowance(NRG, accounts[1], accounts[2]), 150n, 'what is left of the allowance');
        equal(await client.balance(CARBON, accounts[1]), 200_000n, 'credits that are not retired');
      });
      await check(`${name} reads transfers and their receipts`, async () => {
        const [, seller, spender, third] = accounts;
        const nrg = await client.transfers(NRG);
        equal(
          nrg.map(({ from, to, value }) => [from, to, value]),
          [[ZeroAddress, seller, 1_500n], [seller, third, 500n], [seller, accounts[0], 250n]],
          'transfers',
        );
        equal(nrg.slice(1).map(({ hash }) => hash), [done.sent, done.fetched].map(({ id }) => `0x${id}`), 'their transactions');
        const carbon = await client.transfers(CARBON);
        equal(carbon.map(({ from, to, value }) => [from, to, value]), [[ZeroAddress, seller, 270_000n], [seller, ZeroAddress, 70_000n]], 'credits');
        const receipt = await client.receipt(`0x${done.fetched.id}`);
        equal([receipt.from, receipt.to, receipt.status, receipt.logs], [spender, getAddress(NRG), 1, 1], 'a receipt');
        expect(receipt.data.startsWith('0x23b872dd'), `transferFrom as a wallet writes it: ${receipt.data}`);
      });
    }
    await check('every node tells the same', async () => {
      for (const node of net.nodes) {
        const client = new Viem(node);
        const balances = await Promise.all(accounts.map((owner) => client.balance(NRG, owner)));
        equal(balances, [250n, 750n, 0n, 500n], node.name);
      }
    });
    await check('what would write is refused, and says why', async () => {
      const { provider } = clients[0];
      const said = await provider.send('eth_sendRawTransaction', ['0x00']).then(String, (error) => error.error?.message ?? error.message);
      expect(/only reads/.test(said) && /not money/.test(said), said);
    });
  } finally {
    clients.forEach((client) => client.end());
    await net.stop();
  }
}
