// Where the axes of a day's bars lie, in pixels.

const [LEFT, RIGHT, BOTTOM, TOP] = [44, 6, 26, 10] as const;
const HOUR_MS = 3_600_000;

export interface Axes {
  /** Height of the drawing. */
  whole: number;
  left: number;
  right: number;
  /** Between the axes. */
  inner: number;
  top: number;
  /** Where hours are marked down to. */
  floor: number;
  /** Of a place on the axis of time, 0 to 1. */
  x: (part: number) => number;
  /** Of energy above or below the line, Wh. */
  y: (wh: number) => number;
  tall: (wh: number) => number;
}

/** Axes for energy from `-down` to `up` Wh; `below` leaves room for something else under the bars. */
export function axesOf(width: number, whole: number, { up, down }: { up: number; down: number }, below = 0): Axes {
  const inner = Math.max(120, width - LEFT - RIGHT);
  const height = whole - BOTTOM - TOP - below;
  const tall = (wh: number) => (wh / Math.max(1, up + down)) * height;
  return { whole, left: LEFT, right: width - RIGHT, inner, top: TOP, floor: whole - BOTTOM, x: (part) => LEFT + part * inner, y: (wh) => TOP + tall(up - wh), tall };
}

/** Each sixth hour of the place between two moments, milliseconds. */
export function hoursOf(from: number, to: number): number[] {
  const marks = [];
  for (let time = from; time < to; time += HOUR_MS) {
    if (new Date(time).getHours() % 6 === 0) marks.push(time);
  }
  return marks;
}
