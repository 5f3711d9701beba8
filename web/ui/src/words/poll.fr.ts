import { counting } from './count';

const { count } = counting('fr');

export interface PollWords {
  polls: string;
  lead: string;
  none: string;
  ask: string;
  question: string;
  choice: (n: string) => string;
  another: string;
  hidden: string;
  hiddenHelp: (min: number) => string;
  hiddenTag: string;
  blocks: string;
  send: string;
  stages: { readonly [stage: string]: string };
  notPut: { readonly [why: string]: string };
  tookPart: (voters: number, invited: number) => string;
  few: (min: number) => string;
  review: string;
  youSay: string;
  sign: string;
  said: (choice: string) => string;
  again: string;
  back: string;
  failed: string;
  sure: string;
}

export const fr: PollWords = {
  polls: 'Sondages',
  lead: 'Pour connaître les avis. Un sondage ne décide rien : une personne, une voix.',
  none: 'Aucun sondage',
  ask: 'Poser une question',
  question: 'Question',
  choice: (n) => `Réponse ${n}`,
  another: 'Ajouter une réponse',
  hidden: 'Réponses cachées',
  hiddenHelp: (min) => `Personne ne voit qui a choisi quoi ; les totaux n’apparaissent qu’à partir de ${count(min, { one: '# participant', other: '# participants' })}.`,
  hiddenTag: 'réponses cachées',
  blocks: 'Ouvert pendant (blocs)',
  send: 'Poser la question',
  stages: { announced: 'annoncé', open: 'ouvert', closed: 'clos', concluded: 'terminé', refused: 'non posé' },
  notPut: { too_many: 'Trop de sondages de cet immeuble sont ouverts : le registre n’a pas pris celui-ci. Reposez la question quand l’un d’eux sera clos.', refused: 'Le registre n’a pas pris ce sondage : personne n’a été interrogé.' },
  tookPart: (voters, invited) => `${count(voters, { zero: 'personne encore', one: '# réponse', other: '# réponses' })} sur ${count(invited, { one: '# personne', other: '# personnes' })}`,
  few: (min) => `Moins de ${count(min, { one: '# personne', other: '# personnes' })} : les totaux restent cachés.`,
  review: 'Vérifiez',
  youSay: 'Vous répondez',
  sign: 'Signer ma réponse',
  said: (choice) => `Vous avez répondu : ${choice}`,
  again: 'Répondre de nouveau',
  back: 'Retour',
  failed: 'Cela n’a pas marché.',
  sure: 'Consultatif',
};
