// What kind of figure a metric is: a gauge that goes up and down, a counter that only grows, or a state. Asked once, when
// the first curve is drawn.

import { get, type Metric, type MetricKind, type Page } from './api';

// What they are on a node whose catalogue says nothing.
const COUNTERS = /(_wh|_kwh|_l|_m3|_cycles|_hours|_total)$/;
const STATES = /^(running|open|on|occupied)$|_state$/;

class Catalogue {
  #entries = $state.raw<Map<string, Metric> | null>(null);
  #asked: Promise<void> | undefined;

  /** Resolves when kinds are known, or when it is known that nobody tells. */
  ready(): Promise<void> {
    this.#asked ??= get<Page<Metric>>('/api/v1/metrics?limit=1000').then(
      ({ items }) => void (this.#entries = new Map(items.map((entry) => [entry.name, entry]))),
      () => {
        this.#entries = new Map();
        // Perhaps the network was away: the next curve asks again.
        this.#asked = undefined;
      },
    );
    return this.#asked;
  }

  kind(metric: string): MetricKind {
    return this.#entries?.get(metric)?.kind ?? guessed(metric);
  }
}

export function guessed(metric: string): MetricKind {
  if (COUNTERS.test(metric)) return 'counter';
  return STATES.test(metric) ? 'state' : 'gauge';
}

export const catalogue = new Catalogue();
