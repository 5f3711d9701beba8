// Where we are: the part of the address behind `#/`.

export type Route =
  | { view: 'sites' }
  | { view: 'asset'; code: string }
  | { view: 'alerts' }
  | { view: 'work' }
  | { view: 'more' }
  | { view: 'hive' }
  | { view: 'ledger' }
  | { view: 'block'; height: string }
  | { view: 'transaction'; id: string }
  | { view: 'unknown' };

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function parse(hash: string): Route {
  const [first = '', second, third] = hash.replace(/^#?\/?/, '').split('/').map(decoded);
  if (first === '' && second === undefined) return { view: 'sites' };
  if (first === 'assets' && second) return { view: 'asset', code: second };
  if ((first === 'alerts' || first === 'work' || first === 'more' || first === 'hive' || first === 'ledger') && !second) return { view: first };
  if (first === 'ledger' && second === 'blocks' && third) return { view: 'block', height: third };
  if (first === 'ledger' && second === 'transactions' && third) return { view: 'transaction', id: third };
  return { view: 'unknown' };
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
export const blockLink = (height: number | string) => `#/ledger/blocks/${height}`;
export const transactionLink = (id: string) => `#/ledger/transactions/${id}`;
