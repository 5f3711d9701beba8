// Canonical CBOR (RFC 8949, shortest forms) as far as residents sign it: whole numbers, bytes, text, lists, nothing, yes
// and no, and a variant with its content. The node refuses any other form of the same.

export type Item = number | bigint | string | boolean | null | Uint8Array | Item[] | Variant;

/** A variant of an enum that carries something. */
export interface Variant {
  variant: string;
  of: Item;
}

export function encode(item: Item): Uint8Array {
  const out: number[] = [];
  put(out, item);
  return Uint8Array.from(out);
}

function put(out: number[], item: Item): void {
  if (item === null) out.push(0xf6);
  else if (typeof item === 'boolean') out.push(item ? 0xf5 : 0xf4);
  else if (typeof item === 'number' || typeof item === 'bigint') whole(out, BigInt(item));
  else if (typeof item === 'string') {
    const text = new TextEncoder().encode(item);
    head(out, 3, BigInt(text.length));
    out.push(...text);
  } else if (item instanceof Uint8Array) {
    head(out, 2, BigInt(item.length));
    out.push(...item);
  } else if (Array.isArray(item)) {
    head(out, 4, BigInt(item.length));
    item.forEach((one) => put(out, one));
  } else {
    head(out, 5, 1n);
    put(out, item.variant);
    put(out, item.of);
  }
}

function whole(out: number[], value: bigint): void {
  if (value >= 0n) head(out, 0, value);
  else head(out, 1, -1n - value);
}

function head(out: number[], kind: number, value: bigint): void {
  if (value > 0xffff_ffff_ffff_ffffn) throw new Error('a number beyond 64 bits');
  const width = value < 24n ? 0 : value <= 0xffn ? 1 : value <= 0xffffn ? 2 : value <= 0xffff_ffffn ? 4 : 8;
  const info = { 0: Number(value), 1: 24, 2: 25, 4: 26, 8: 27 }[width] ?? 0;
  out.push((kind << 5) | info);
  for (let at = width - 1; at >= 0; at--) out.push(Number((value >> BigInt(8 * at)) & 255n));
}

/** Bytes of hexadecimal digits. */
export function bytes(text: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new Error('hexadecimal digits in pairs expected');
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export const hex = (octets: Uint8Array) => Array.from(octets, (byte) => byte.toString(16).padStart(2, '0')).join('');

export function join(...parts: Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (joined.set(part, at), at + part.length), 0);
  return joined;
}
