import { counting, type Forms } from './count';
import type { SurvivalWords } from './survival.fr';

const { count } = counting('nl');

const machines: Record<string, Forms> = {
  pump: { one: '# gelijkaardige pomp', other: '# gelijkaardige pompen' },
  fan: { one: '# gelijkaardige ventilator', other: '# gelijkaardige ventilatoren' },
  compressor: { one: '# gelijkaardige compressor', other: '# gelijkaardige compressoren' },
  burner: { one: '# gelijkaardige brander', other: '# gelijkaardige branders' },
  lift_drive: { one: '# gelijkaardige liftmotor', other: '# gelijkaardige liftmotoren' },
  lift_door: { one: '# gelijkaardige liftdeur', other: '# gelijkaardige liftdeuren' },
  motor: { one: '# gelijkaardige motor', other: '# gelijkaardige motoren' },
};

export const nl: SurvivalWords = {
  title: 'Wat er van gelijkaardige machines werd',
  lead: 'Gebouwen in de buurt zeggen, zonder zich te noemen, of een machine uitviel na een alarm van trilling of temperatuur, en na hoelang.',
  part: 'Machine',
  age: 'Leeftijd',
  hours: 'Draaiuren',
  sign: 'Gemeten bij het alarm',
  after: 'Hoelang na het alarm',
  fate: 'Wat ervan werd',
  when: 'Jaar van het alarm',
  parts: { pump: 'Pomp', fan: 'Ventilator', compressor: 'Compressor', burner: 'Brander', lift_drive: 'Liftmotor', lift_door: 'Liftdeur', motor: 'Andere motor' },
  ages: { unknown: 'onbekend', under_5: 'minder dan 5 jaar', '5_10': '5 tot 10 jaar', '10_15': '10 tot 15 jaar', '15_20': '15 tot 20 jaar', from_20: '20 jaar en meer' },
  hourBands: { unknown: 'onbekend', under_2000: 'minder dan 2.000 u', '2000_10000': '2.000 tot 10.000 u', '10000_30000': '10.000 tot 30.000 u', from_30000: '30.000 u en meer' },
  signs: { vibration_under_4_5: 'trilling onder 4,5 mm/s', vibration_4_5_7_1: 'trilling 4,5 tot 7,1 mm/s', vibration_7_1_11_2: 'trilling 7,1 tot 11,2 mm/s', vibration_11_2_18: 'trilling 11,2 tot 18 mm/s', vibration_from_18: 'trilling vanaf 18 mm/s', temperature_under_60: 'temperatuur onder 60 °C', temperature_60_80: 'temperatuur 60 tot 80 °C', temperature_80_100: 'temperatuur 80 tot 100 °C', temperature_100_120: 'temperatuur 100 tot 120 °C', temperature_from_120: 'temperatuur vanaf 120 °C' },
  afters: { under_7: 'minder dan een week', '7_30': 'een week tot een maand', '30_60': '1 tot 2 maanden', '60_120': '2 tot 4 maanden', '120_180': '4 tot 6 maanden', '180_365': '6 maanden tot een jaar', from_365: 'een jaar en meer' },
  fates: { failed: 'Ze viel uit', replaced: 'Vervangen of gereviseerd voor ze uitviel', runs: 'Ze draait nog' },
  spans: { '7': 'een week', '30': 'een maand', '60': '2 maanden', '120': '4 maanden', '180': '6 maanden', '365': 'een jaar' },
  failed: (failed, known, part, span) => `Van ${count(known, machines[part] ?? { other: '#' })} ${count(failed, { zero: 'viel er geen uit', one: 'viel er # uit', other: 'vielen er # uit' })} binnen ${span}`,
  atThis: { vibration: 'bij deze trilling', temperature: 'bij deze temperatuur' },
  anyLevel: 'Te weinig machines op precies dit niveau: alle niveaus zijn geteld.',
  anyAge: 'Te weinig machines van deze leeftijd: alle leeftijden zijn geteld.',
  runs: (part, least, most, span) => `Met ook die welke maar een tijd gevolgd zijn: ${part} draaien nog na ${span} (tussen ${least} en ${most}).`,
  from: (n, first, last) => `${count(n, { one: '# machine', other: '# machines' })}${first ? `, alarmen van ${first === last ? first : `${first} tot ${last}`}` : ''}.`,
  tooFew: 'Er zijn minder dan 10 gelijkaardige machines bekend, of uit minder dan 3 zendingen: er wordt geen cijfer gegeven. Het zou weinig zeggen en kon naar een gebouw wijzen.',
  byHours: 'Naar draaiuren',
  chart: 'Deel van de machines dat nog draait, naar tijd sinds het alarm',
  days: 'dagen',
  kept: (n) => count(n, { zero: 'Dit knooppunt kent geen machine.', one: 'Dit knooppunt kent # machine.', other: 'Dit knooppunt kent # machines.' }),
  share: 'Zeg wat er van de machine werd',
  shareLead: 'Zo weten buren of er haast bij is. U ziet eerst precies wat vertrekt.',
  later: 'Twee maanden na het alarm kunt u ook zeggen dat ze nog draait.',
  handedIn: 'Wat over deze machine gezegd is:',
  own: 'Machines van dit gebouw',
  noOwn: 'Er is niets vertrokken.',
};
