import { counting } from './count';
import type { StreetWords } from './street.fr';

const { count } = counting('nl');

export const nl: StreetWords = {
  title: 'In de straat',
  lead: 'Meerdere gebouwen merkten hetzelfde op. Hoeveel en welke wordt nooit gezegd.',
  kinds: {
    water_pressure: 'De waterdruk is laag in meerdere gebouwen.',
    water_loss: 'In meerdere gebouwen gaat water verloren.',
    power_dip: 'Spanning of vermogen zakt in meerdere gebouwen.',
    heat: 'Het is te warm in meerdere gebouwen.',
    cold: 'Het is te koud in meerdere gebouwen.',
    high_use: 'Meerdere gebouwen verbruiken meer dan gewoonlijk.',
  },
  what: {
    water_pressure: 'De oorzaak ligt waarschijnlijk buiten het gebouw: bel de watermaatschappij vóór de loodgieter.',
    water_loss: 'Een lek of een leiding in de straat is mogelijk: verwittig de watermaatschappij en kijk ’s nachts naar de meter.',
    power_dip: 'Verwittig de netbeheerder; controleer lift en pompen zodra er weer stroom is.',
    heat: 'Verlucht ’s nachts, laat de zonwering neer, denk aan oudere buren.',
    cold: 'Bescherm leidingen tegen vorst en denk aan oudere buren.',
    high_use: 'Wacht een uur met wassen en laden als er geen haast bij is.',
  },
  names: { water_pressure: 'waterdruk', water_loss: 'waterverlies', power_dip: 'stroomdip', heat: 'hitte', cold: 'kou', high_use: 'hoog verbruik' },
  between: (from, until) => `Van ${from} tot ${until}`,
  earlier: 'Eerder',
  none: 'Niets dat meerdere gebouwen op dit moment gemeen hebben.',
  needed: (n) => `De straat wordt verwittigd wanneer ${count(n, { one: '# gebouw', other: '# gebouwen' })} hetzelfde melden.`,
  tooSmall: 'De buurt is te klein om te verwittigen zonder dat men raadt om wie het gaat.',
  notPart: 'Dit gebouw meldt zelf niets.',
  partLink: 'Kiezen wat mag vertrekken',
  allow: { incident_card: 'Fiches laten vertrekken', survival: 'Laten vertrekken wat er van machines werd', street_signal: 'Melden wat opvalt', enquiry: 'Vragen laten vertrekken', enquiry_reply: 'Antwoorden laten vertrekken' },
  switched: (on) => (on ? 'Genoteerd: het mag vertrekken.' : 'Genoteerd: er vertrekt niets meer van.'),
  refused: (why) => `Geweigerd: ${why}`,
  choose: 'Hierboven kiezen',
};
