import { counting } from './count';

const { count } = counting('fr');

export const fr = {
  title: 'Dans la rue',
  lead: 'Plusieurs immeubles ont remarqué la même chose. On ne dit ni combien, ni lesquels.',
  kinds: {
    water_pressure: 'La pression de l’eau baisse dans plusieurs immeubles.',
    water_loss: 'De l’eau se perd dans plusieurs immeubles.',
    power_dip: 'La tension ou la puissance électrique chute dans plusieurs immeubles.',
    heat: 'Il fait trop chaud dans plusieurs immeubles.',
    cold: 'Il fait trop froid dans plusieurs immeubles.',
    high_use: 'Plusieurs immeubles consomment plus que d’habitude.',
  } as Record<string, string>,
  what: {
    water_pressure: 'La cause est sans doute hors de l’immeuble : appelez le distributeur d’eau avant le plombier.',
    water_loss: 'Une fuite ou une conduite de rue est possible : prévenez le distributeur d’eau et regardez le compteur de nuit.',
    power_dip: 'Prévenez le gestionnaire de réseau ; vérifiez l’ascenseur et les pompes quand le courant est revenu.',
    heat: 'Aérez la nuit, baissez les stores, pensez aux voisins âgés.',
    cold: 'Protégez les conduites du gel et pensez aux voisins âgés.',
    high_use: 'Si rien ne presse, attendez une heure pour les lessives et les recharges.',
  } as Record<string, string>,
  names: { water_pressure: 'pression de l’eau', water_loss: 'perte d’eau', power_dip: 'chute de courant', heat: 'chaleur', cold: 'froid', high_use: 'forte consommation' } as Record<string, string>,
  between: (from: string, until: string) => `De ${from} à ${until}`,
  earlier: 'Plus tôt',
  none: 'Rien de commun à plusieurs immeubles en ce moment.',
  needed: (n: number) => `La rue est prévenue quand ${count(n, { one: '# immeuble signale', other: '# immeubles signalent' })} la même chose.`,
  tooSmall: 'Le voisinage est trop petit pour prévenir sans que l’on devine de qui il s’agit.',
  notPart: 'Cet immeuble ne signale rien lui-même.',
  partLink: 'Choisir ce qui sort',
  allow: { incident_card: 'Laisser sortir des fiches', survival: 'Laisser sortir le devenir des machines', street_signal: 'Signaler ce qui se remarque', enquiry: 'Laisser partir des questions', enquiry_reply: 'Laisser partir des réponses' } as Record<string, string>,
  switched: (on: boolean): string => (on ? 'Noté : cela peut sortir.' : 'Noté : plus rien de cela ne sort.'),
  refused: (why: string) => `Refusé : ${why}`,
  choose: 'Choisir plus haut',
};
export type StreetWords = typeof fr;
