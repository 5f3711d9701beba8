import { expect, test } from 'vitest';
import { guessed } from './catalogue.svelte';
import { curveOf } from './history';
import { ofAnswer, ofReadings } from './increase';

test('a counter that begins anew is not counted backwards', () => {
  const readings = [100, 103, 110, 2, 6].map((v, index) => ({ id: '', metric: 'm', t: new Date(index * 600_000).toISOString(), v }));
  const grown = ofReadings(curveOf(readings, 600), 1200);
  expect(grown.t).toEqual([0, 1200, 2400]);
  expect(grown.avg).toEqual([3, 9, 4]);
});

test('the node’s answer becomes bars on its own grid; what is unknown stays unknown', () => {
  const answer = { from: '1970-01-01T01:00:00Z', step_s: 900, times: null, series: [{ metric: 'm', values: [1, null, 3] }] };
  const grown = ofAnswer(answer);
  expect(grown.t).toEqual([3600, 4500, 5400]);
  expect(grown.avg).toEqual([1, null, 3]);
  expect(ofAnswer({ ...answer, series: [] }).t).toEqual([]);
  const days = ['2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z', '2026-10-26T23:00:00Z'];
  expect(ofAnswer({ ...answer, step_s: null, times: days }).t).toEqual(days.map((time) => Date.parse(time) / 1000));
});

test('kinds are guessed from names only when nobody tells them', () => {
  expect(['run_hours', 'door_cycles', 'load_wh', 'water_l'].map(guessed)).toEqual(Array(4).fill('counter'));
  expect(['temp_supply_air', 'power_kw', 'vibration_level'].map(guessed)).toEqual(Array(3).fill('gauge'));
  expect(guessed('running')).toBe('state');
});
