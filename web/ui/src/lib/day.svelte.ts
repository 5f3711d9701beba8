// Which day of the building's energy is looked at, by the clocks of whoever looks.

import { dayAfter, dayOf } from './energy';
import { language } from './language.svelte';
import { store } from './store.svelte';

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export class LookedAt {
  /** Days before today. */
  back = $state(0);
  /** The node's time where it is known better than from the stream. */
  clock = $state<number | null>(null);
  readonly now = $derived(this.clock ?? store.now);
  readonly noon = $derived(dayAfter(dayOf(this.now)[0], -this.back));
  readonly range = $derived(dayOf(this.noon));
  readonly query = $derived(`day=${new Date(this.noon).toISOString()}&tz=${encodeURIComponent(zone)}`);
  readonly named = $derived(new Intl.DateTimeFormat(language.tag, { weekday: 'long', day: 'numeric', month: 'long' }).format(this.noon));
}
