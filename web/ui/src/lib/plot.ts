// How a chart is set up: axes, series, scales and the hooks that paint the rest. Knows nothing of assets or of the node.

import type uPlot from 'uplot';
import { language } from './language.svelte';
import type { Curve } from './history';
import { lines, marks, palette, shade, states, type Line, type Mark, type Palette, type Shade } from './draw';
import type { Span } from './span';

export type Shape = 'line' | 'bars' | 'states';

/** Everything that a chart shows. */
export interface Chart {
  shape: Shape;
  curve: Curve;
  /** The same stretch some time before, on the times of this one. */
  ghost?: { t: number[]; v: (number | null)[] } | undefined;
  span: Span;
  lines?: Line[] | undefined;
  shades?: Shade[] | undefined;
  marks?: Mark[] | undefined;
}

const MINUTE_S = 60;
// Distances between the times below: whole minutes, because that is what their labels tell apart.
const TIME_STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2 * 1440, 7 * 1440, 14 * 1440, 30 * 1440].map((minutes) => minutes * MINUTE_S);
const AXIS_PX_MIN = 56;
const DIGIT_PX = 7.5;
const GHOST = 4;

/** Columns in uPlot's order: time, lowest, highest, average, and what was before. */
export function columns(Plot: typeof uPlot, { curve, ghost }: Chart): uPlot.AlignedData {
  const own: uPlot.AlignedData = [curve.t, curve.min, curve.max, curve.avg];
  if (!ghost?.t.length) return [...own, curve.t.map(() => undefined)] as uPlot.AlignedData;
  return Plot.join([own, [ghost.t, ghost.v]], [[1, 2, 2, 2], [1, 2]]);
}

export function options(Plot: typeof uPlot, chart: () => Chart, width: number, height: number): uPlot.Options {
  const colours = palette();
  const { shape } = chart();
  const axis: uPlot.Axis = { stroke: colours.ink, font: `12px ${colours.font}`, grid: { stroke: colours.grid, width: 1 }, ticks: { show: false } };
  const x: uPlot.Axis = { ...axis, size: 30, space: 64, incrs: TIME_STEPS_S, values: (_, splits) => splits.map((s) => language.tick(s * 1000)) };
  const y: uPlot.Axis = { ...axis, size: widthOf, space: 36, values: (_, splits, _axis, _space, step) => splits.map((value) => language.onAxis(value, step)) };
  return {
    width,
    height,
    legend: { show: false },
    padding: [10, 20, 0, 0],
    cursor: { y: false, points: { size: 9, fill: colours.line }, drag: { x: true, y: false, setScale: false, dist: 8 }, bind: { dblclick: () => null } },
    scales: {
      x: { range: () => [chart().span.from, chart().span.to] },
      y: { range: (_, low, high) => (shape === 'states' ? [0, 1] : bounds(low, high, chart().lines ?? [], shape)) },
    },
    axes: [x, shape === 'states' ? { ...y, values: (_, splits) => splits.map(() => ''), grid: { show: false } } : y],
    series: [{}, ...series(Plot, shape, colours)],
    bands: [{ series: [2, 1], fill: `color-mix(in srgb, ${colours.line} 20%, transparent)` }],
    hooks: {
      // Under the curve.
      drawAxes: [(plot) => shade(plot, chart().shades ?? [], colours), (plot) => lines(plot, chart().lines ?? [], chart().curve, colours)],
      draw: [
        (plot) => {
          const { curve } = chart();
          if (shape === 'states') states(plot, curve.t, curve.avg, curve.step_s, colours);
        },
        (plot) => marks(plot, chart().marks ?? [], colours),
      ],
    },
  };
}

function series(Plot: typeof uPlot, shape: Shape, colours: Palette): uPlot.Series[] {
  const hidden: uPlot.Series = { stroke: 'transparent', width: 0, points: { show: false } };
  const before: uPlot.Series = { stroke: colours.ghost, width: 1.5, dash: [4, 4], points: { show: false } };
  const bars = shape === 'bars' ? (Plot.paths.bars?.({ size: [0.82, 48], align: 1 }) ?? null) : null;
  const main: uPlot.Series =
    shape === 'bars'
      ? { stroke: colours.line, fill: `color-mix(in srgb, ${colours.line} 55%, transparent)`, width: 1, points: { show: false }, ...(bars && { paths: bars }) }
      : shape === 'states'
        ? hidden
        : { stroke: colours.line, width: 2, points: { show: lonely, size: 5, fill: colours.line } };
  return [hidden, hidden, main, { ...before, show: GHOST > 0 }];
}

/** A reading between two holes has no line to be on: it is drawn as a point. */
function lonely(plot: uPlot, index: number): boolean {
  const values = plot.data[index] ?? [];
  return values.length < 3 || values.some((value, at) => value !== null && value !== undefined && values[at - 1] === null && values[at + 1] === null);
}

const widthOf = (_: uPlot, labels: string[] | null) =>
  Math.max(AXIS_PX_MIN, 16 + DIGIT_PX * Math.max(0, ...(labels ?? []).map((label) => label.length)));

/** Room around the values, with the thresholds in sight. */
export function bounds(low: number | null, high: number | null, limits: Line[], shape: Shape): [number, number] {
  const values = [low, high, ...limits.map((line) => line.value), ...(shape === 'bars' ? [0] : [])].filter((it) => it !== null && it !== undefined);
  if (values.length === 0) return [0, 1];
  const [bottom, top] = [Math.min(...values), Math.max(...values)];
  // Values that hardly move are drawn flat, not as mountains.
  const room = Math.max((top - bottom) * 0.1, Math.abs(top) * 0.005) || 1;
  const floor = (low ?? 0) >= 0 && bottom - room < 0 ? Math.min(0, bottom) : bottom - room;
  return [shape === 'bars' ? Math.min(0, bottom) : floor, top + room * 1.4];
}
