// Fingers, wheel and keys on a chart. One finger reads values, two move and zoom; Ctrl and wheel zoom; keys do all of it.

export interface Moves {
  /** `factor` < 1 shows less time; `at` stays where it is, 0 to 1. */
  zoom: (factor: number, at: number) => void;
  /** By a part of what is shown, positive to later. */
  move: (part: number) => void;
  /** The place one points at, 0 to 1. */
  read: (at: number) => void;
  /** The value before or after the one pointed at. */
  step: (by: number) => void;
  reset: () => void;
}

const KEY_ZOOM = 0.5;
const KEY_MOVE = 0.25;
const WHEEL = 0.002;
const STEP_FAST = 10;

/** Listens on the drawing area; the answer stops it. */
export function follow(area: HTMLElement, moves: Moves): () => void {
  const fingers = new Map<number, number>();
  const stop = new AbortController();
  const on = <K extends keyof HTMLElementEventMap>(type: K, act: (event: HTMLElementEventMap[K]) => void) =>
    area.addEventListener(type, act, { signal: stop.signal, passive: false });
  const place = (clientX: number) => {
    const { left, width } = area.getBoundingClientRect();
    return Math.min(1, Math.max(0, (clientX - left) / Math.max(1, width)));
  };

  on('pointerdown', (event) => {
    if (event.pointerType !== 'touch') return;
    fingers.set(event.pointerId, place(event.clientX));
    if (fingers.size === 1) moves.read(place(event.clientX));
  });
  on('pointermove', (event) => {
    if (event.pointerType !== 'touch' || !fingers.has(event.pointerId)) return;
    const here = place(event.clientX);
    if (fingers.size === 1) {
      fingers.set(event.pointerId, here);
      moves.read(here);
      return;
    }
    const before = [...fingers.values()];
    fingers.set(event.pointerId, here);
    pinch(before, [...fingers.values()], moves);
  });
  for (const end of ['pointerup', 'pointercancel', 'pointerleave'] as const) on(end, (event) => fingers.delete(event.pointerId));
  on('wheel', (event) => {
    // The wheel alone scrolls the page.
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    moves.zoom(Math.exp(event.deltaY * WHEEL), place(event.clientX));
  });
  on('dblclick', (event) => moves.zoom(KEY_ZOOM, place(event.clientX)));
  return () => stop.abort();
}

/** Two fingers, where they were and where they are: apart zooms in, together moves. */
export function pinch(before: number[], now: number[], moves: Pick<Moves, 'zoom' | 'move'>) {
  const [a = 0, b = 0] = before;
  const [c = 0, d = 0] = now;
  const [wide, wider] = [Math.abs(b - a), Math.abs(d - c)];
  if (wide > 0.02 && wider > 0.02) moves.zoom(wide / wider, (c + d) / 2);
  moves.move((a + b) / 2 - (c + d) / 2);
}

/** What a key does on a chart; false when it is not for us. */
export function press(event: KeyboardEvent, moves: Moves): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const way = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
  if (way !== 0 && event.shiftKey) moves.move(way * KEY_MOVE);
  else if (way !== 0) moves.step(way);
  else if (event.key === 'PageUp') moves.step(-STEP_FAST);
  else if (event.key === 'PageDown') moves.step(STEP_FAST);
  else if (event.key === '+' || event.key === '=') moves.zoom(KEY_ZOOM, 0.5);
  else if (event.key === '-') moves.zoom(1 / KEY_ZOOM, 0.5);
  else if (event.key === '0') moves.reset();
  else return false;
  return true;
}
