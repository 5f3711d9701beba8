import { counting, type Forms } from './count';
import type { SurvivalWords } from './survival.fr';

const { count } = counting('en');

const machines: Record<string, Forms> = {
  pump: { one: '# similar pump', other: '# similar pumps' },
  fan: { one: '# similar fan', other: '# similar fans' },
  compressor: { one: '# similar compressor', other: '# similar compressors' },
  burner: { one: '# similar burner', other: '# similar burners' },
  lift_drive: { one: '# similar lift drive', other: '# similar lift drives' },
  lift_door: { one: '# similar lift door', other: '# similar lift doors' },
  motor: { one: '# similar motor', other: '# similar motors' },
};

export const en: SurvivalWords = {
  title: 'What became of similar machines',
  lead: 'Buildings nearby say, without naming themselves, whether a machine failed after an alert of vibration or temperature, and after how long.',
  part: 'Machine',
  age: 'Age',
  hours: 'Running hours',
  sign: 'Measured at the alert',
  after: 'How long after the alert',
  fate: 'What became of it',
  when: 'Year of the alert',
  parts: { pump: 'Pump', fan: 'Fan', compressor: 'Compressor', burner: 'Burner', lift_drive: 'Lift drive', lift_door: 'Lift door', motor: 'Another motor' },
  ages: { unknown: 'unknown', under_5: 'under 5 years', '5_10': '5 to 10 years', '10_15': '10 to 15 years', '15_20': '15 to 20 years', from_20: '20 years and more' },
  hourBands: { unknown: 'unknown', under_2000: 'under 2,000 h', '2000_10000': '2,000 to 10,000 h', '10000_30000': '10,000 to 30,000 h', from_30000: '30,000 h and more' },
  signs: { vibration_under_4_5: 'vibration under 4.5 mm/s', vibration_4_5_7_1: 'vibration 4.5 to 7.1 mm/s', vibration_7_1_11_2: 'vibration 7.1 to 11.2 mm/s', vibration_11_2_18: 'vibration 11.2 to 18 mm/s', vibration_from_18: 'vibration 18 mm/s and more', temperature_under_60: 'temperature under 60 °C', temperature_60_80: 'temperature 60 to 80 °C', temperature_80_100: 'temperature 80 to 100 °C', temperature_100_120: 'temperature 100 to 120 °C', temperature_from_120: 'temperature 120 °C and more' },
  afters: { under_7: 'under a week', '7_30': 'a week to a month', '30_60': '1 to 2 months', '60_120': '2 to 4 months', '120_180': '4 to 6 months', '180_365': '6 months to a year', from_365: 'a year and more' },
  fates: { failed: 'It failed', replaced: 'Replaced or overhauled before it failed', runs: 'It still runs' },
  spans: { '7': 'a week', '30': 'a month', '60': '2 months', '120': '4 months', '180': '6 months', '365': 'a year' },
  failed: (failed, known, part, span) => `${count(failed, { zero: 'None', other: '#' })} of ${count(known, machines[part] ?? { other: '#' })} failed within ${span}`,
  atThis: { vibration: 'at this vibration', temperature: 'at this temperature' },
  anyLevel: 'Too few machines at exactly this level: all levels are counted.',
  anyAge: 'Too few machines of this age: all ages are counted.',
  runs: (part, least, most, span) => `Counting also those that were only seen for a while, ${part} still run after ${span} (between ${least} and ${most}).`,
  from: (n, first, last) => `${count(n, { one: '# machine', other: '# machines' })}${first ? `, alerts of ${first === last ? first : `${first} to ${last}`}` : ''}.`,
  tooFew: 'Fewer than 10 similar machines are known, or from fewer than 3 batches: no number is given. It would say little and might point to a building.',
  byHours: 'By running hours',
  chart: 'Part of the machines that still run, by time since the alert',
  days: 'days',
  kept: (n) => count(n, { zero: 'No machine is known to this node.', one: '# machine is known to this node.', other: '# machines are known to this node.' }),
  share: 'Say what became of the machine',
  shareLead: 'It helps neighbours know whether to hurry. First you see exactly what leaves.',
  later: 'Two months after the alert you can also say that it still runs.',
  handedIn: 'What was said of this machine:',
  own: 'Machines of this building',
  noOwn: 'Nothing has left.',
};
