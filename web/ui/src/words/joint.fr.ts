import { counting } from './count';

const { count, number } = counting('fr');

export interface JointWords {
  title: string;
  lead: string;
  needed: string;
  rules: { readonly [needed: string]: string };
  standings: { readonly [standing: string]: string };
  waiting: string;
  weToo: string;
  counted: (adopted: number, asked: number) => string;
  answers: (n: number) => string;
  attach: (n: number) => string;
  notHere: string;
  ask: string;
  askLead: string;
  text: string;
  buildings: string;
  effect: string;
  effects: { readonly [effect: string]: string };
  most: string;
  send: string;
  sent: string;
  download: string;
  failed: string;
}

export const fr: JointWords = {
  title: 'Questions à plusieurs immeubles',
  lead: 'Chaque immeuble vote dans sa propre assemblée, selon sa loi. On compte ensuite les immeubles.',
  needed: 'Il faut',
  rules: { all: 'tous les immeubles', majority: 'plus de la moitié des immeubles', 'two-thirds': 'deux tiers des immeubles', 'four-fifths': 'quatre cinquièmes des immeubles' },
  standings: { open: 'en cours', adopted: 'adoptée', refused: 'refusée' },
  waiting: 'pas encore décidé',
  weToo: 'cet immeuble aussi',
  counted: (adopted, asked) => `${count(adopted, { zero: 'Aucun', one: '# immeuble', other: '# immeubles' })} sur ${number(asked)} ${adopted < 2 ? 'l’a adoptée' : 'l’ont adoptée'}.`,
  answers: (n) => `Répond à la question posée à ${count(n, { one: '# immeuble', other: '# immeubles' })} : l’exécution est celle de la question.`,
  attach: (n) => `Joindre la question posée à ${count(n, { one: '# immeuble', other: '# immeubles' })}`,
  notHere: 'Le texte de la question n’est pas encore arrivé ici. Réessayez dans une minute.',
  ask: 'Poser une question à plusieurs immeubles',
  askLead: 'Les autorités doivent l’approuver. Le texte arrive ensuite de lui-même dans les autres immeubles : chaque syndic le joint à sa résolution.',
  text: 'Texte de la question',
  buildings: 'Immeubles',
  effect: 'Si elle est adoptée',
  effects: { nothing: 'Des personnes s’en occupent', purchase: 'Commencer un achat groupé' },
  most: 'Au plus (EUR)',
  send: 'Proposer aux autorités',
  sent: 'Proposée. Les autorités l’approuvent dans « Réseau ».',
  download: 'Télécharger le texte',
  failed: 'Cela n’a pas marché.',
};
