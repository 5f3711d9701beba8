// Canonical CBOR (RFC 8949), as much of it as the wire uses: whole numbers, byte strings, texts, arrays, maps of one
// entry, true, false, null. One value has one encoding; any other is refused.

const DEPTH_MAX = 24;
const TEXT = new TextDecoder('utf-8', { fatal: true });

/** The canonical bytes of a value: a number or bigint, Uint8Array, string, array, `{ name: content }`, boolean or null. */
export function encode(value) {
  if (value === null) return Uint8Array.of(0xf6);
  if (value === false) return Uint8Array.of(0xf4);
  if (value === true) return Uint8Array.of(0xf5);
  if (typeof value === 'number' || typeof value === 'bigint') {
    const number = BigInt(value);
    return number < 0n ? head(1, -1n - number) : head(0, number);
  }
  if (value instanceof Uint8Array) return join(head(2, BigInt(value.length)), value);
  if (typeof value === 'string') {
    const bytes = new TextEncoder().encode(value);
    return join(head(3, BigInt(bytes.length)), bytes);
  }
  if (Array.isArray(value)) return join(head(4, BigInt(value.length)), ...value.map(encode));
  const [[name, content], ...others] = Object.entries(value);
  if (others.length > 0) throw new Error('a map has one entry');
  return join(head(5, 1n), encode(name), encode(content));
}

/** The value of some bytes, if they are all of its canonical encoding. Numbers beyond 2^53 come as bigint. */
export function decode(bytes) {
  const [value, rest] = item(bytes, 0, 0);
  if (rest !== bytes.length) throw new Error(`${bytes.length - rest} bytes behind the value`);
  if (!same(encode(value), bytes)) throw new Error('not the canonical encoding');
  return value;
}

function item(bytes, at, depth) {
  if (depth > DEPTH_MAX) throw new Error('nested too deep');
  const [kind, count, start] = readHead(bytes, at);
  if (kind === 0) return [whole(count), start];
  if (kind === 1) return [whole(-1n - count), start];
  if (kind === 7) {
    const simple = { 20: false, 21: true, 22: null }[Number(count)];
    if (simple === undefined) throw new Error('neither a boolean nor null');
    return [simple, start];
  }
  if (count > BigInt(bytes.length - start)) throw new Error('cut off');
  const end = start + Number(count);
  if (kind === 2) return [bytes.slice(start, end), end];
  if (kind === 3) return [TEXT.decode(bytes.subarray(start, end)), end];
  if (kind === 4) {
    const list = [];
    let next = start;
    for (let left = Number(count); left > 0; left -= 1) {
      let element;
      [element, next] = item(bytes, next, depth + 1);
      list.push(element);
    }
    return [list, next];
  }
  if (kind !== 5 || count !== 1n) throw new Error('neither an array nor a map of one entry');
  const [name, behind] = item(bytes, start, depth + 1);
  const [content, next] = item(bytes, behind, depth + 1);
  return [{ [name]: content }, next];
}

/** Kind and number of the item at a place, and where its content starts. */
function readHead(bytes, at) {
  if (at >= bytes.length) throw new Error('cut off');
  const [kind, short] = [bytes[at] >> 5, bytes[at] & 31];
  if (short < 24) return [kind, BigInt(short), at + 1];
  const width = { 24: 1, 25: 2, 26: 4, 27: 8 }[short];
  if (!width || kind === 7) throw new Error('a length that is not definite, or a float');
  const end = at + 1 + width;
  if (end > bytes.length) throw new Error('cut off');
  return [kind, BigInt(`0x${hex(bytes.subarray(at + 1, end))}`), end];
}

function head(kind, number) {
  const first = kind << 5;
  if (number < 24n) return Uint8Array.of(first | Number(number));
  for (const [short, width] of [[24, 1], [25, 2], [26, 4], [27, 8]]) {
    if (number < 1n << BigInt(8 * width)) return join(Uint8Array.of(first | short), big(number, width));
  }
  throw new Error('more than 64 bits');
}

const whole = (number) =>
  number >= BigInt(Number.MIN_SAFE_INTEGER) && number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : number;

/** A number in so many bytes, big end first. */
export function big(number, width) {
  return bytes(BigInt(number).toString(16).padStart(2 * width, '0'));
}

export const hex = (octets) => Buffer.from(octets).toString('hex');
export const bytes = (text) => Uint8Array.from(Buffer.from(text, 'hex'));
export const same = (a, b) => Buffer.compare(a, b) === 0;
export const join = (...parts) => Uint8Array.from(Buffer.concat(parts));
