// Which month is looked at, by the clocks of whoever looks.

import { language } from './language.svelte';
import { store } from './store.svelte';

export class LookedAtMonth {
  /** Months before this one. */
  back = $state(0);
  readonly #first = $derived.by(() => {
    const today = new Date(store.now || Date.now());
    return new Date(today.getFullYear(), today.getMonth() - this.back, 1);
  });
  readonly named = $derived(new Intl.DateTimeFormat(language.tag, { month: 'long', year: 'numeric' }).format(this.#first));
  readonly query = $derived.by(() => {
    const next = new Date(this.#first.getFullYear(), this.#first.getMonth() + 1, 1);
    return `from=${this.#first.toISOString()}&to=${next.toISOString()}`;
  });
}
