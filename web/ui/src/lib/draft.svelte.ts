// Notes while they are written. Each key stroke is kept on this device, so that a cellar without network loses nothing;
// they are sent when the node answers again.

import { Failure } from './api';

export type DraftState = 'clean' | 'changed' | 'saving' | 'saved' | 'offline' | 'refused';

const key = (order: string) => `symbiose.notes.${order}`;
const RETRY_MS = 5_000;

export class Draft {
  text = $state('');
  state = $state<DraftState>('clean');
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly order: string,
    known: string,
    readonly send: (text: string) => Promise<unknown>,
  ) {
    const kept = localStorage.getItem(key(order));
    this.text = kept ?? known;
    if (kept !== null && kept !== known) this.state = 'changed';
  }

  /** What the node has now: shown unless somebody is writing here. */
  heard(known: string) {
    if (this.state === 'clean' || this.state === 'saved') this.text = known;
  }

  write(text: string) {
    this.text = text;
    this.state = 'changed';
    keep(this.order, text);
  }

  async save(): Promise<boolean> {
    clearTimeout(this.#retry);
    const sent = this.text;
    this.state = 'saving';
    try {
      await this.send(sent);
    } catch (error) {
      const away = error instanceof Failure && (error.status === 0 || error.status >= 502);
      this.state = away ? 'offline' : 'refused';
      if (away) this.#retry = setTimeout(() => void this.save(), RETRY_MS);
      return false;
    }
    // Written on while it was under way: that part still waits.
    if (this.text === sent) {
      this.state = 'saved';
      keep(this.order, null);
    } else {
      this.state = 'changed';
    }
    return true;
  }

  /** Nobody looks any more; what is kept stays for the next time. */
  leave() {
    clearTimeout(this.#retry);
  }
}

function keep(order: string, text: string | null) {
  try {
    if (text === null) localStorage.removeItem(key(order));
    else localStorage.setItem(key(order), text);
  } catch {
    // A full or forbidden storage: the text stays in memory.
  }
}
