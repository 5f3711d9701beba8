import { counting, type Forms } from './count';

const { count } = counting('fr');

type Names = Record<string, string>;

export interface SurvivalWords {
  title: string;
  lead: string;
  part: string;
  age: string;
  hours: string;
  sign: string;
  after: string;
  fate: string;
  when: string;
  parts: Names;
  ages: Names;
  hourBands: Names;
  signs: Names;
  afters: Names;
  fates: Names;
  /** Days as people say them. */
  spans: Names;
  failed: (failed: number, known: number, part: string, span: string) => string;
  /** In the same band; by what was measured. */
  atThis: Names;
  anyLevel: string;
  anyAge: string;
  runs: (part: string, least: string, most: string, span: string) => string;
  from: (machines: number, first: string, last: string) => string;
  tooFew: string;
  byHours: string;
  chart: string;
  days: string;
  kept: (count: number) => string;
  share: string;
  shareLead: string;
  later: string;
  handedIn: string;
  own: string;
  noOwn: string;
}

const machines: Record<string, Forms> = {
  pump: { one: '# pompe semblable', other: '# pompes semblables' },
  fan: { one: '# ventilateur semblable', other: '# ventilateurs semblables' },
  compressor: { one: '# compresseur semblable', other: '# compresseurs semblables' },
  burner: { one: '# brûleur semblable', other: '# brûleurs semblables' },
  lift_drive: { one: '# moteur d’ascenseur semblable', other: '# moteurs d’ascenseur semblables' },
  lift_door: { one: '# porte d’ascenseur semblable', other: '# portes d’ascenseur semblables' },
  motor: { one: '# moteur semblable', other: '# moteurs semblables' },
};

export const fr: SurvivalWords = {
  title: 'Ce que sont devenues des machines semblables',
  lead: 'Des immeubles du quartier disent, sans se nommer, si une machine est tombée en panne après une alerte de vibration ou de température, et au bout de combien de temps.',
  part: 'Machine',
  age: 'Âge',
  hours: 'Heures de marche',
  sign: 'Mesure lors de l’alerte',
  after: 'Combien de temps après l’alerte',
  fate: 'Ce qu’elle est devenue',
  when: 'Année de l’alerte',
  parts: { pump: 'Pompe', fan: 'Ventilateur', compressor: 'Compresseur', burner: 'Brûleur', lift_drive: 'Moteur d’ascenseur', lift_door: 'Porte d’ascenseur', motor: 'Autre moteur' },
  ages: { unknown: 'inconnu', under_5: 'moins de 5 ans', '5_10': '5 à 10 ans', '10_15': '10 à 15 ans', '15_20': '15 à 20 ans', from_20: '20 ans et plus' },
  hourBands: { unknown: 'inconnues', under_2000: 'moins de 2 000 h', '2000_10000': '2 000 à 10 000 h', '10000_30000': '10 000 à 30 000 h', from_30000: '30 000 h et plus' },
  signs: { vibration_under_4_5: 'vibration sous 4,5 mm/s', vibration_4_5_7_1: 'vibration de 4,5 à 7,1 mm/s', vibration_7_1_11_2: 'vibration de 7,1 à 11,2 mm/s', vibration_11_2_18: 'vibration de 11,2 à 18 mm/s', vibration_from_18: 'vibration dès 18 mm/s', temperature_under_60: 'température sous 60 °C', temperature_60_80: 'température de 60 à 80 °C', temperature_80_100: 'température de 80 à 100 °C', temperature_100_120: 'température de 100 à 120 °C', temperature_from_120: 'température dès 120 °C' },
  afters: { under_7: 'moins d’une semaine', '7_30': 'une semaine à un mois', '30_60': '1 à 2 mois', '60_120': '2 à 4 mois', '120_180': '4 à 6 mois', '180_365': '6 mois à un an', from_365: 'un an et plus' },
  fates: { failed: 'Elle est tombée en panne', replaced: 'Remplacée ou révisée avant la panne', runs: 'Elle marche encore' },
  spans: { '7': 'une semaine', '30': 'un mois', '60': '2 mois', '120': '4 mois', '180': '6 mois', '365': 'un an' },
  failed: (failed, known, part, span) => `Sur ${count(known, machines[part] ?? { other: '#' })}, ${count(failed, { one: '# a eu une panne', other: '# ont eu une panne' })} en ${span} au plus`,
  atThis: { vibration: 'à cette vibration', temperature: 'à cette température' },
  anyLevel: 'Trop peu de machines à ce niveau précis : tous les niveaux sont comptés.',
  anyAge: 'Trop peu de machines de cet âge : tous les âges sont comptés.',
  runs: (part, least, most, span) => `En comptant aussi celles qu’on n’a suivies qu’un moment, ${part} marchent encore après ${span} (entre ${least} et ${most}).`,
  from: (n, first, last) => `${count(n, { one: '# machine', other: '# machines' })}${first ? `, alertes de ${first === last ? first : `${first} à ${last}`}` : ''}.`,
  tooFew: 'Moins de 10 machines semblables sont connues, ou en moins de 3 envois : aucun chiffre n’est donné. Il dirait peu et pourrait désigner un immeuble.',
  byHours: 'Selon les heures de marche',
  chart: 'Part des machines qui marchent encore, selon le temps depuis l’alerte',
  days: 'jours',
  kept: (n) => count(n, { zero: 'Aucune machine connue dans ce nœud.', one: '# machine connue dans ce nœud.', other: '# machines connues dans ce nœud.' }),
  share: 'Dire ce que la machine est devenue',
  shareLead: 'Cela aide les voisins à savoir s’il faut se presser. Vous voyez d’abord exactement ce qui part.',
  later: 'Deux mois après l’alerte, vous pourrez aussi dire qu’elle marche encore.',
  handedIn: 'Ce qui a été dit de cette machine :',
  own: 'Machines de cet immeuble',
  noOwn: 'Rien n’est parti.',
};
