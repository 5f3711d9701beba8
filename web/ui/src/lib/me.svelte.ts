// Who is holding the phone: the signed-in name, or one typed once and kept on this device. For taking work with one tap.

import { get } from './api';

const KEY = 'symbiose.me';

class Me {
  name = $state(localStorage.getItem(KEY) ?? '');
  #asked = false;

  /** Asks the node once who is signed in; a node without accounts does not know. */
  ask() {
    if (this.#asked) return;
    this.#asked = true;
    get<{ name?: string | null }>('/api/v1/session').then(
      ({ name }) => {
        if (name && !this.name) this.name = name;
      },
      () => (this.#asked = false),
    );
  }

  call(name: string) {
    this.name = name.trim();
    localStorage.setItem(KEY, this.name);
  }
}

export const me = new Me();
