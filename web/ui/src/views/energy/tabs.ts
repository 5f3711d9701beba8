// The pages of the building's energy, in the order of their tabs. A tab is fetched when somebody opens it; its name stands
// in the words under `tabs`.

import type { Component } from 'svelte';
import type { EnergyWords } from '../../words/energy.fr';

export interface Tab {
  id: keyof EnergyWords['tabs'];
  load: () => Promise<{ default: Component<never> }>;
  /** Whether a technician has nothing to do there. */
  forOperators?: boolean;
}

/** The first one opens without a name in the address. */
export const tabs: Tab[] = [
  { id: 'day', load: () => import('./Day.svelte') },
  { id: 'plan', load: () => import('./Plan.svelte') },
  { id: 'rules', load: () => import('./Rules.svelte') },
  { id: 'results', load: () => import('./Results.svelte') },
  { id: 'month', load: () => import('./Month.svelte') },
  { id: 'hive', load: () => import('./Neighbours.svelte') },
  { id: 'decisions', load: () => import('./Decisions.svelte') },
  { id: 'periods', load: () => import('./Periods.svelte'), forOperators: true },
  { id: 'token', load: () => import('./Tokens.svelte') },
  { id: 'dwellings', load: () => import('./Dwellings.svelte'), forOperators: true },
  { id: 'meters', load: () => import('./MetersTab.svelte') },
];

export const tabLink = (id: string) => (id === tabs[0]?.id ? '#/energy' : `#/energy/${id}`);
