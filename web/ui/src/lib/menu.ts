// Where one can go: the daily pages, which have a place at the bottom of a phone, and those about the house itself,
// which share one there.

import type { Name } from '../parts/Icon.svelte';
import type { Words } from '../words/fr';
import type { Route } from './route.svelte';

export interface Entry {
  href: string;
  icon: Name;
  text: (words: Words) => string;
  /** The routes during which one is there. */
  views: Route['view'][];
  /** Whether a technician has nothing to do there. */
  forOperators?: boolean;
}

export const daily: Entry[] = [
  { href: '#/', icon: 'sites', text: (w) => w.sites, views: ['sites', 'asset'] },
  { href: '#/alerts', icon: 'alerts', text: (w) => w.alerts, views: ['alerts', 'alert'] },
  { href: '#/energy', icon: 'sun', text: (w) => w.energy, views: ['energy'] },
  { href: '#/work', icon: 'work', text: (w) => w.work, views: ['work', 'order'] },
];

export const house: Entry[] = [
  { href: '#/today', icon: 'check', text: (w) => w.today, views: ['today'] },
  { href: '#/policies', icon: 'rules', text: (w) => w.policies, views: ['policies', 'policy'] },
  { href: '#/hive', icon: 'hive', text: (w) => w.hive, views: ['hive'] },
  { href: '#/incidents', icon: 'copy', text: (w) => w.incidents, views: ['incidents'] },
  { href: '#/leaving', icon: 'lock', text: (w) => w.leaving, views: ['leaving'] },
  { href: '#/registry', icon: 'building', text: (w) => w.registry, views: ['registry', 'keys'], forOperators: true },
  { href: '#/assemblies', icon: 'ballot', text: (w) => w.assemblies, views: ['assemblies', 'assembly', 'draft', 'polls'], forOperators: true },
  { href: '#/ledger', icon: 'ledger', text: (w) => w.ledger, views: ['ledger', 'block', 'transaction'] },
  { href: '#/metrics', icon: 'METER', text: (w) => w.metrics, views: ['metrics'] },
  { href: '#/health', icon: 'heart', text: (w) => w.health, views: ['health'] },
  { href: '#/people', icon: 'person', text: (w) => w.people, views: ['people'], forOperators: true },
  { href: '#/account', icon: 'lock', text: (w) => w.account, views: ['account'] },
];
