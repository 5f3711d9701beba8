import { expect, test } from 'vitest';
import { pinch, press, type Moves } from './gestures';

function told() {
  const said: string[] = [];
  const moves: Moves = {
    zoom: (factor, at) => said.push(`zoom ${factor} at ${at}`),
    move: (part) => said.push(`move ${part}`),
    read: (at) => said.push(`read ${at}`),
    step: (by) => said.push(`step ${by}`),
    reset: () => said.push('reset'),
  };
  return { said, moves };
}

const key = (name: string, more: Partial<KeyboardEvent> = {}) => ({ key: name, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more }) as KeyboardEvent;

test('keys read, move and zoom; the browser keeps its own', () => {
  const { said, moves } = told();
  for (const name of ['ArrowLeft', 'ArrowRight', '+', '-', '0']) expect(press(key(name), moves)).toBe(true);
  expect(press(key('ArrowRight', { shiftKey: true }), moves)).toBe(true);
  expect(press(key('+', { ctrlKey: true }), moves)).toBe(false);
  expect(press(key('Tab'), moves)).toBe(false);
  expect(said).toEqual(['step -1', 'step 1', 'zoom 0.5 at 0.5', 'zoom 2 at 0.5', 'reset', 'move 0.25']);
});

test('two fingers apart show less time around their middle', () => {
  const { said, moves } = told();
  pinch([0.25, 0.5], [0.25, 0.75], moves);
  expect(said).toEqual(['zoom 0.5 at 0.5', 'move -0.125']);
});

test('two fingers side by side move the time with them', () => {
  const { said, moves } = told();
  pinch([0.25, 0.75], [0.125, 0.625], moves);
  expect(said).toEqual(['zoom 1 at 0.375', 'move 0.125']);
});
