// Where we are: the part of the address behind `#/`.

import type { Span } from './span';

export type Route =
  | { view: 'sites' }
  | { view: 'asset'; code: string; span?: Span }
  | { view: 'alerts' }
  | { view: 'alert'; id: string }
  | { view: 'energy'; tab?: string; item?: string }
  | { view: 'today' }
  | { view: 'work' }
  | { view: 'order'; id: string }
  | { view: 'more' }
  | { view: 'hive' }
  | { view: 'leaving' }
  | { view: 'incidents' }
  | { view: 'policies' }
  | { view: 'policy'; id: string }
  | { view: 'metrics' }
  | { view: 'people' }
  | { view: 'health' }
  | { view: 'account' }
  | { view: 'ledger' }
  | { view: 'block'; height: string }
  | { view: 'transaction'; id: string }
  | { view: 'enrol'; code?: string }
  | { view: 'receipt' }
  | { view: 'registry' }
  | { view: 'keys' }
  | { view: 'polls' }
  | { view: 'assemblies' }
  | { view: 'assembly'; number: string }
  | { view: 'draft'; number?: string; after?: string }
  | { view: 'unknown' };

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function parse(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split('?');
  const [first = '', second, third] = path.split('/').map(decoded);
  if (first === '' && second === undefined) return { view: 'sites' };
  if (first === 'assets' && second) return { view: 'asset', code: second, ...spanOf(query) };
  if (first === 'alerts' && second) return { view: 'alert', id: second };
  if (first === 'energy') return { view: first, ...(second ? { tab: second } : {}), ...(third ? { item: third } : {}) };
  if (first === 'policies' && second) return { view: 'policy', id: second };
  if (first === 'work' && second) return { view: 'order', id: second };
  if ((first === 'today' || first === 'alerts' || first === 'work' || first === 'more' || first === 'policies' || first === 'metrics' || first === 'people' || first === 'health' || first === 'account' || first === 'hive' || first === 'leaving' || first === 'incidents' || first === 'ledger') && !second) return { view: first };
  if (first === 'ledger' && second === 'blocks' && third) return { view: 'block', height: third };
  if (first === 'ledger' && second === 'transactions' && third) return { view: 'transaction', id: third };
  if (first === 'enrol') return { view: first, ...(second ? { code: second } : {}) };
  if (first === 'assemblies' && second === 'new') return { view: 'draft', ...(third ? { after: third } : {}) };
  if (first === 'assemblies' && second && third === 'edit') return { view: 'draft', number: second };
  if (first === 'assemblies') return second ? { view: 'assembly', number: second } : { view: first };
  if ((first === 'registry' || first === 'keys' || first === 'receipt' || first === 'polls') && !second) return { view: first };
  if (first === 'claim') return { view: 'sites' };
  return { view: 'unknown' };
}

/** `from=…&to=…` in Unix seconds, behind the address of an asset. */
function spanOf(query: string): { span?: Span } {
  const wanted = new URLSearchParams(query);
  const [from, to] = [Number(wanted.get('from')), Number(wanted.get('to'))];
  return from > 0 && to > from ? { span: { from, to } } : {};
}

class Place {
  route = $state<Route>(parse(location.hash));

  constructor() {
    addEventListener('hashchange', () => {
      this.route = parse(location.hash);
      scrollTo(0, 0);
    });
  }
}

export const place = new Place();

export const assetLink = (code: string) => `#/assets/${encodeURIComponent(code)}`;
export const spanLink = (code: string, { from, to }: Span) => `${assetLink(code)}?from=${Math.floor(from)}&to=${Math.ceil(to)}`;
export const alertLink = (id: string) => `#/alerts/${encodeURIComponent(id)}`;
export const orderLink = (id: string) => `#/work/${encodeURIComponent(id)}`;
export const blockLink = (height: number | string) => `#/ledger/blocks/${height}`;
export const transactionLink = (id: string) => `#/ledger/transactions/${id}`;
