export interface RegisterWords {
  edit: string;
  editLead: string;
  what: string;
  kinds: { readonly [kind: string]: string };
  lot: string;
  from: string;
  newOwner: string;
  anotherOwner: string;
  parts: string;
  right: string;
  votesFor: string;
  nobody: string;
  person: string;
  somebodyNew: string;
  name: string;
  company: string;
  duty: string;
  until: string;
  ends: string;
  shares: string;
  lotName: string;
  choose: string;
  save: string;
  line: (n: string) => string;
  begin: string;
  beginLead: string;
  remove: string;
  nobodyLives: string;
}

export const fr: RegisterWords = {
  edit: 'Changer le registre',
  editLead: 'Un changement à la fois, avec sa date. Ce qui valait avant reste inscrit.',
  what: 'Que s’est-il passé ?',
  kinds: { transfer: 'Un lot change de propriétaire', tenant: 'Un locataire arrive', leaves: 'Un locataire part', office: 'Une fonction commence', ends: 'Une fonction finit', person: 'Une nouvelle personne', rename: 'Un nom est à corriger', lot: 'Un lot manque' },
  lot: 'Lot',
  from: 'À partir du',
  newOwner: 'Propriétaire',
  anotherOwner: 'Ajouter un copropriétaire',
  parts: 'Parts',
  right: 'Droit',
  votesFor: 'Qui vote',
  nobody: 'Personne encore : le vote est suspendu',
  person: 'Personne',
  somebodyNew: '+ nouvelle personne…',
  name: 'Nom',
  company: 'Société',
  duty: 'Fonction',
  until: 'Jusqu’au',
  ends: 'Fonction qui finit',
  shares: 'Quotes-parts',
  lotName: 'Nom du lot',
  choose: 'Choisissez',
  save: 'Enregistrer',
  line: (n) => `Ligne ${n} : `,
  begin: 'Commencer sans tableau',
  beginLead: 'Choisissez la loi du pays, puis ajoutez les lots.',
  remove: 'Retirer',
  nobodyLives: 'Aucun locataire inscrit.',
};
