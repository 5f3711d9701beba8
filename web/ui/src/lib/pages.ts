// Which file shows which route. Only the sites come with the first load; the rest is fetched when somebody goes there.

import type { Component } from 'svelte';
import Sites from '../views/Sites.svelte';
import type { Route } from './route.svelte';

/** Each view takes what its route carries. */
export type View = Component<never>;
type Load = () => Promise<{ default: View }>;

export const pages: Record<Route['view'], Load> = {
  sites: async () => ({ default: Sites }),
  asset: () => import('../views/Asset.svelte'),
  alerts: () => import('../views/Alerts.svelte'),
  alert: () => import('../views/Alert.svelte'),
  energy: () => import('../views/Energy.svelte'),
  today: () => import('../views/Today.svelte'),
  work: () => import('../views/Work.svelte'),
  order: () => import('../views/Order.svelte'),

  more: () => import('../views/More.svelte'),
  health: () => import('../views/Health.svelte'),
  policies: () => import('../views/Policies.svelte'),
  policy: () => import('../views/Policy.svelte'),
  metrics: () => import('../views/Metrics.svelte'),
  people: () => import('../views/People.svelte'),
  account: () => import('../views/Account.svelte'),
  hive: () => import('../views/Hive.svelte'),
  leaving: () => import('../views/learn/Leaving.svelte'),
  incidents: () => import('../views/learn/Incidents.svelte'),
  ledger: () => import('../views/Ledger.svelte'),
  block: () => import('../views/Block.svelte'),
  transaction: () => import('../views/Transaction.svelte'),

  enrol: () => import('../views/assembly/Enrol.svelte'),
  receipt: () => import('../views/assembly/Receipts.svelte'),
  registry: () => import('../views/assembly/Registry.svelte'),
  assemblies: () => import('../views/assembly/Assemblies.svelte'),
  assembly: () => import('../views/assembly/Assembly.svelte'),
  draft: () => import('../views/assembly/Draft.svelte'),
  polls: () => import('../views/assembly/Polls.svelte'),
  keys: () => import('../views/assembly/Keys.svelte'),

  unknown: () => import('../views/Unknown.svelte'),
};

/** Fetches what is likely to be opened next, so that it opens at once and also while the network is away. */
export function fetchAhead() {
  const likely = [pages.asset, pages.alerts, pages.alert, pages.work, pages.order] as const;
  for (const load of likely) void load().catch(() => undefined);
}
