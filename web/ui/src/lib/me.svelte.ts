// Who is holding the phone: the signed-in name, or one typed once and kept on this device. For taking work with one tap.

import { store } from './store.svelte';

const KEY = 'symbiose.me';
// What the node calls whoever holds its token.
const TOKEN = 'token';

class Me {
  #typed = $state(localStorage.getItem(KEY) ?? '');
  /** Whoever came in with the token has no name of their own, and may have typed one. */
  readonly name = $derived(store.door?.name && store.door.name !== TOKEN ? store.door.name : this.#typed);

  call(name: string) {
    this.#typed = name.trim();
    localStorage.setItem(KEY, this.#typed);
  }
}

export const me = new Me();
