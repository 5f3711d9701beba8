// What the page knows of the building and the hive: fetched once, then kept fresh by live events. When events were
// lost the node says `resync` and everything is fetched again.

import {
  ask, Failure, get,
  type Alert, type Asset, type Batch, type BlockSummary, type Head, type Hive, type Node, type Order, type OrderChange,
  type Page, type Policy, type Site,
} from './api';
import type { Door } from './door';

export type Link = 'connecting' | 'live' | 'lost';
export type Note = 'saved' | 'busy' | 'refused' | 'conflict' | 'error' | 'offline' | 'forbidden';

const BLOCKS_SHOWN = 20;
const SAMPLES_EVERY_MS = 250;
const RETRY_MS = 3_000;
const NOTE_MS = 4_000;

class Store {
  signedIn = $state<boolean | null>(null);
  /** Who is signed in, and what the door should say. */
  door = $state.raw<Door | null>(null);
  node = $state.raw<Node | null>(null);
  hive = $state.raw<Hive | null>(null);
  sites = $state.raw<Site[]>([]);
  assets = $state.raw<Asset[]>([]);
  alerts = $state.raw<Alert[]>([]);
  orders = $state.raw<Order[]>([]);
  policies = $state.raw<Policy[]>([]);
  head = $state.raw<Head | null>(null);
  /** Grows whenever slots of energy were closed or corrected. */
  energyNews = $state(0);
  blocks = $state.raw<BlockSummary[]>([]);
  failure = $state.raw<Failure | null>(null);
  link = $state<Link>('connecting');
  /** The hive's clock as last heard of, which may run faster than the wall. */
  now = $state(0);
  /** A message for a moment: its key, never its text, so that it follows the language. */
  note = $state<Note | null>(null);

  readonly openAlerts = $derived(this.alerts.filter((alert) => alert.status === 'open'));
  readonly openOrders = $derived(this.orders.filter((order) => order.local && order.status !== 'done'));

  #stream: EventSource | null = null;
  #pending = new Map<string, Batch>();
  #timers = new Map<string, number>();
  /** Events that came while everything is being fetched: what the node answers then may be older than they are. */
  #held: (() => void)[] = [];
  #loads = 0;
  #loading = false;

  async start() {
    try {
      this.door = await get<Door>('/api/v1/session');
      this.signedIn = this.door.signed_in;
    } catch {
      this.link = 'lost';
      this.#later('start', RETRY_MS, () => void this.start());
      return;
    }
    if (this.signedIn && !this.isResident) this.#listen();
  }

  /** Goes in with what the node answered to a name, a token or a code. */
  enter(door: Door) {
    this.door = door;
    this.signedIn = true;
    if (!this.isResident) this.#listen();
  }

  /** Whether who is signed in may change how the building works; a node without roles lets everybody. */
  readonly isOperator = $derived(this.door?.role !== 'technician' && this.door?.role !== 'resident');
  /** Whether who is signed in came with a resident's key. */
  readonly isResident = $derived(this.door?.role === 'resident');

  async signOut() {
    this.#stream?.close();
    await ask('DELETE', '/api/v1/session').catch(() => undefined);
    location.reload();
  }

  /** Fetches everything; events meanwhile wait and are applied on top of it. */
  async load() {
    const turn = ++this.#loads;
    this.#loading = true;
    await this.#fetch(() => turn === this.#loads);
    if (turn !== this.#loads) return;
    this.#loading = false;
    const held = this.#held;
    this.#held = [];
    held.forEach((act) => act());
  }

  async #fetch(isLatest: () => boolean) {
    try {
      const [node, hive, sites, assets, alerts, orders, policies, head, blocks] = await Promise.all([
        get<Node>('/api/v1/node'),
        get<Hive>('/api/v1/hive'),
        get<Page<Site>>('/api/v1/sites?limit=1000'),
        get<Page<Asset>>('/api/v1/assets?limit=1000'),
        get<Page<Alert>>('/api/v1/alerts?limit=200'),
        get<Page<Order>>('/api/v1/workorders?limit=200'),
        get<Page<Policy>>('/api/v1/policies?limit=1000'),
        get<Head>('/api/v1/ledger/head'),
        get<Page<BlockSummary>>(`/api/v1/ledger/blocks?limit=${BLOCKS_SHOWN}`),
      ]);
      if (!isLatest()) return;
      Object.assign(this, { node, hive, policies: policies.items, head, failure: null });
      Object.assign(this, { sites: sites.items, assets: assets.items, alerts: alerts.items, orders: orders.items });
      this.blocks = blocks.items;
      this.now = Date.parse(node.time);
    } catch (error) {
      this.#failed(error);
    }
  }

  readonly acknowledge = (alert: Alert) => this.#change(() => ask<Alert>('POST', `/api/v1/alerts/${alert.id}/ack`), (it) => this.#alert(it));
  readonly close = (alert: Alert, reason = '') =>
    this.#change(
      () => ask<Alert>('POST', `/api/v1/alerts/${alert.id}/close`, reason ? { reason } : undefined),
      (it) => this.#alert(it),
    );
  readonly advance = (order: Order, change: OrderChange) =>
    this.#change(() => ask<Order>('PATCH', `/api/v1/workorders/${order.id}`, change), (it) => this.#order(it));
  readonly openOrder = (alert: Alert) =>
    this.#change(
      () => ask<Order>('POST', '/api/v1/workorders', { alert: alert.id }),
      (order) => {
        this.#order(order);
        this.#alert({ ...alert, work_order: order.id });
      },
    );

  /** Changes an order and keeps the answer; a failure is the caller's to tell. */
  async change(order: string, change: OrderChange): Promise<Order> {
    const answer = await ask<Order>('PATCH', `/api/v1/workorders/${order}`, change);
    this.#order(answer);
    return answer;
  }

  async #change<T>(act: () => Promise<T>, keep: (answer: T) => void): Promise<boolean> {
    try {
      keep(await act());
      this.say('saved');
      return true;
    } catch (error) {
      this.#failed(error, true);
      return false;
    }
  }

  #failed(error: unknown, acting = false) {
    const failure = error instanceof Failure ? error : new Failure(0, 'unknown', String(error));
    if (failure.status === 401) {
      this.#stream?.close();
      this.signedIn = false;
      return;
    }
    if (!acting) {
      this.failure = failure;
      this.#later('load', RETRY_MS, () => void this.load());
      return;
    }
    const notes: Record<number, Note> = { 0: 'offline', 403: 'forbidden', 409: 'conflict', 422: 'refused', 429: 'busy', 503: 'busy', 504: 'busy' };
    this.say(notes[failure.status] ?? 'error');
  }

  say(note: Note) {
    this.note = note;
    clearTimeout(this.#timers.get('note'));
    this.#timers.delete('note');
    this.#later('note', NOTE_MS, () => (this.note = null));
  }

  #listen() {
    this.#stream?.close();
    const stream = new EventSource('/api/v1/stream');
    this.#stream = stream;
    let heard = false;
    const on = <T>(topic: string, act: (it: T) => void) =>
      stream.addEventListener(topic, (event) => {
        heard = true;
        act(JSON.parse((event as MessageEvent<string>).data) as T);
      });
    const later = <T>(act: (it: T) => void) => (it: T) => void (this.#loading ? this.#held.push(() => act(it)) : act(it));
    stream.onopen = () => {
      this.link = 'live';
      // Everything is fetched once events flow, so that nothing happens between the two. A stream that is opened again
      // continues after the last event it heard, if there was one.
      if (!heard) void this.load();
    };
    stream.onerror = () => {
      this.link = 'lost';
      // A refused stream is closed for good: only then do we knock again ourselves.
      if (stream.readyState !== EventSource.CLOSED) return;
      void this.load();
      this.#later('listen', RETRY_MS, () => this.#listen());
    };
    on<Batch>('samples', (batch) => this.#samples(batch));
    on<BlockSummary>('blocks', later((block) => this.#block(block)));
    on<Alert>('alerts', later((alert) => this.#alert(alert)));
    on<Order>('workorders', later((order) => this.#order(order)));
    on<Hive>('hive', later((hive) => (this.hive = hive)));
    on('energy', () => (this.energyNews += 1));
    on('resync', () => void this.load());
  }

  #samples(batch: Batch) {
    const waiting = this.#pending.get(batch.asset);
    this.#pending.set(batch.asset, { asset: batch.asset, samples: [...(waiting?.samples ?? []), ...batch.samples] });
    this.#later('samples', SAMPLES_EVERY_MS, () => this.#applySamples());
  }

  #applySamples() {
    const batches = this.#pending;
    this.#pending = new Map();
    this.assets = this.assets.map((asset) => {
      const batch = batches.get(asset.code);
      if (!batch) return asset;
      const last = new Map(asset.last.map((value) => [value.metric, value]));
      for (const { metric, t, v } of batch.samples) {
        const known = last.get(metric);
        if (!known || Date.parse(known.t) <= Date.parse(t)) last.set(metric, { unit: null, ...known, metric, t, v });
        this.#heard(t);
      }
      return { ...asset, last: [...last.values()] };
    });
  }

  #block(block: BlockSummary) {
    this.#heard(block.time);
    this.blocks = [block, ...this.blocks.filter((known) => known.height !== block.height)].slice(0, BLOCKS_SHOWN);
    this.#later('head', 500, () => void get<Head>('/api/v1/ledger/head').then((head) => (this.head = head), () => undefined));
  }

  #alert(alert: Alert) {
    this.alerts = merged(this.alerts, alert);
    this.#later('assets', 300, () => void this.#assets());
  }

  #order(order: Order) {
    this.orders = merged(this.orders, order);
  }

  /** States of assets and counts of sites follow from alerts; the node computes them. */
  async #assets() {
    try {
      const [sites, assets] = await Promise.all([
        get<Page<Site>>('/api/v1/sites?limit=1000'),
        get<Page<Asset>>('/api/v1/assets?limit=1000'),
      ]);
      [this.sites, this.assets] = [sites.items, assets.items];
    } catch (error) {
      this.#failed(error);
    }
  }

  #heard(time: string) {
    this.now = Math.max(this.now, Date.parse(time));
  }

  #later(what: string, ms: number, act: () => void) {
    if (this.#timers.has(what)) return;
    const timer = setTimeout(() => {
      this.#timers.delete(what);
      act();
    }, ms);
    this.#timers.set(what, timer as unknown as number);
  }
}

/** The list with the item replaced, or put in front. */
function merged<T extends { id: string }>(items: T[], item: T): T[] {
  return items.some((known) => known.id === item.id)
    ? items.map((known) => (known.id === item.id ? item : known))
    : [item, ...items];
}

export const store = new Store();
