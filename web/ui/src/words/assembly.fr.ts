import { counting } from './count';

const { count } = counting('fr');

export interface AssemblyWords {
  registry: string;
  registryLead: string;
  noRegistry: string;
  importCsv: string;
  exportCsv: string;
  importHelp: string;
  imported: string;
  lots: string;
  find: string;
  lot: string;
  kind: string;
  shares: string;
  sharesOf: (n: number) => string;
  owners: string;
  persons: string;
  person: string;
  voter: string;
  rests: string;
  sum: (lots: string, deed: string) => string;
  law: string;
  offices: string;
  tenant: string;
  since: string;
  kinds: { readonly [kind: string]: string };
  duties: { readonly [duty: string]: string };
  rights: { readonly [right: string]: string };
  letters: string;
  lettersLead: string;
  makeLetters: string;
  print: string;
  letterTitle: (building: string) => string;
  letterText: string;
  letterType: string;
  letterOnce: string;
  letterCheck: string;
  validUntil: string;
  log: string;
  logLead: string;
  looked: { readonly [what: string]: string };
  erase: string;
  eraseSure: (name: string) => string;
  whatWeKnow: string;
  objection: string;
  objectionHelp: string;
  hours: (n: number) => string;
  save: string;
  keys: string;
  keysLead: string;
  fingerprint: string;
  stages: { readonly [stage: string]: string };
  objectUntil: string;
  objectTo: string;
  objectSure: (name: string) => string;
  objectedBy: string;
  setAside: string;
  lost: string;
  lostSure: (name: string) => string;
  losses: string;
  agree: string;
  waitingLetters: string;
  enrolTitle: string;
  enrolLead: string;
  code: string;
  codeHelp: string;
  next: string;
  isThatYou: (name: string) => string;
  yesMakeKey: string;
  notMe: string;
  notMeText: string;
  badCode: string;
  wordsTitle: string;
  wordsLead: string;
  wordsKept: string;
  enrolled: string;
  enrolledText: (hours: number) => string;
  haveWords: string;
  wordsHelp: string;
  wrongWords: string;
  comeIn: string;
  home: string;
  hello: (name: string) => string;
  openVotes: (n: number) => string;
  noVotes: string;
  noVotesText: string;
  yourLots: string;
  yourKeys: string;
  thisDevice: string;
  addDevice: string;
  addDeviceText: string;
  endKey: string;
  endKeySure: string;
  showWords: string;
  hideWords: string;
  myData: string;
  download: string;
  signOut: string;
  failed: string;
}

export const fr: AssemblyWords = {
  registry: 'Registre des copropriétaires',
  registryLead: 'Les lots, leurs quotités et leurs propriétaires. Il reste dans l’immeuble.',
  noRegistry: 'Cet immeuble n’a pas encore de registre. Importez un tableau pour commencer.',
  importCsv: 'Importer un tableau (CSV)',
  exportCsv: 'Exporter (CSV)',
  importHelp: 'Le tableau remplace tout le registre, ou rien s’il contient une erreur.',
  imported: 'Le registre est enregistré.',
  lots: 'Lots',
  find: 'Chercher un nom ou un lot',
  lot: 'Lot',
  kind: 'Nature',
  shares: 'Quotités',
  sharesOf: (n) => count(n, { one: '# quotité', other: '# quotités' }),
  owners: 'Propriétaires',
  persons: 'Personnes',
  person: 'Personne',
  voter: 'vote pour ce lot',
  rests: 'vote suspendu : aucun mandataire désigné',
  sum: (lots, deed) => `Total des lots : ${lots} sur ${deed}`,
  law: 'Loi',
  offices: 'Fonctions',
  tenant: 'Locataire',
  since: 'depuis le',
  kinds: { dwelling: 'Logement', premises: 'Commerce ou bureau', cellar: 'Cave', parking: 'Parking' },
  duties: { syndic: 'Syndic', syndic_partner: 'Conjoint du syndic', syndic_relative: 'Parent du syndic', syndic_staff: 'Employé du syndic', council: 'Conseil', auditor: 'Commissaire aux comptes', mandated: 'Sous contrat', manager: 'Gestionnaire', technician: 'Technicien' },
  rights: { full: 'pleine propriété', bare: 'nue-propriété', usufruct: 'usufruit' },
  letters: 'Lettres',
  lettersLead: 'Une lettre par personne, avec un code qui sert une fois. Le code n’est montré qu’ici.',
  makeLetters: 'Préparer les lettres manquantes',
  print: 'Imprimer',
  letterTitle: (building) => `Votre accès au vote de ${building}`,
  letterText: 'Ouvrez l’appareil photo de votre téléphone et visez ce carré. Votre téléphone crée alors sa propre clé de vote.',
  letterType: 'Ou ouvrez cette adresse et tapez le code :',
  letterOnce: 'Ce code sert une seule fois. Ne le donnez à personne.',
  letterCheck: 'Votre navigateur avertit une fois : comparez cette empreinte, puis continuez.',
  validUntil: 'Valable jusqu’au',
  log: 'Qui a consulté',
  logLead: 'Une ligne par personne, jour et genre de consultation.',
  looked: { registry: 'a lu le registre', export: 'a exporté le registre', change: 'a modifié le registre', person: 'a lu les données d’une personne', erase: 'a effacé un nom', letters: 'a imprimé des lettres', minutes: 'a lu un procès-verbal' },
  erase: 'Effacer le nom',
  eraseSure: (name) => `Effacer définitivement le nom « ${name} » ?`,
  whatWeKnow: 'Ce que nous savons',
  objection: 'Délai d’objection',
  objectionHelp: 'Pendant ce délai chaque propriétaire peut s’opposer à une nouvelle clé.',
  hours: (n) => `${n} h`,
  save: 'Enregistrer',
  keys: 'Clés de vote',
  keysLead: 'Chaque clé de l’immeuble, visible de tous. Une clé que vous ne reconnaissez pas ? Opposez-vous.',
  fingerprint: 'Empreinte',
  stages: { waiting: 'en attente', objected: 'contestée', counts: 'valable', ended: 'terminée' },
  objectUntil: 'Objection possible jusqu’au',
  objectTo: 'S’opposer',
  objectSure: (name) => `S’opposer à la clé de ${name} ?`,
  objectedBy: 'Contestée par',
  setAside: 'Écarter l’objection',
  lost: 'Clé perdue',
  lostSure: (name) => `${name} a-t-il perdu toutes ses clés ? Un membre du conseil devra confirmer.`,
  losses: 'En attente du conseil',
  agree: 'Confirmer et imprimer une lettre',
  waitingLetters: 'Lettres sans réponse',
  enrolTitle: 'Votre clé de vote',
  enrolLead: 'Tapez le code de votre lettre.',
  code: 'Code',
  codeHelp: '12 ou 26 lettres et chiffres ; les tirets ne comptent pas.',
  next: 'Continuer',
  isThatYou: (name) => `${name}, est-ce vous ?`,
  yesMakeKey: 'Oui, créer ma clé',
  notMe: 'Non',
  notMeText: 'Ne continuez pas et rendez la lettre au syndic.',
  badCode: 'Ce code n’est pas valable, ou a déjà servi.',
  wordsTitle: 'Vos mots de secours',
  wordsLead: 'Recopiez ces 17 mots sur papier. Avec eux vous retrouvez votre clé si le téléphone est perdu. Personne d’autre ne les connaît.',
  wordsKept: 'Je les ai recopiés',
  enrolled: 'Votre clé est prête',
  enrolledText: (hours) => `Les propriétaires peuvent s’y opposer pendant ${hours} h. Ensuite elle vote.`,
  haveWords: 'J’ai mes mots de secours',
  wordsHelp: '17 mots, séparés par des espaces.',
  wrongWords: 'Un mot n’est pas juste.',
  comeIn: 'Entrer',
  home: 'Accueil',
  hello: (name) => `Bonjour ${name}`,
  openVotes: (n) => count(n, { one: '# vote ouvert', other: '# votes ouverts' }),
  noVotes: 'Aucun vote ouvert',
  noVotesText: 'Dès qu’un vote s’ouvre, il apparaît ici.',
  yourLots: 'Vos lots',
  yourKeys: 'Vos clés',
  thisDevice: 'cet appareil',
  addDevice: 'Ajouter un appareil',
  addDeviceText: 'Visez ce carré avec l’autre téléphone.',
  endKey: 'Révoquer',
  endKeySure: 'Révoquer cette clé ? Elle ne votera plus.',
  showWords: 'Montrer mes mots de secours',
  hideWords: 'Cacher',
  myData: 'Mes données',
  download: 'Télécharger',
  signOut: 'Quitter',
  failed: 'Cela n’a pas marché.',
};
