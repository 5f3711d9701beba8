export interface DoorWords {
  name: string;
  password: string;
  newPassword: string;
  oldPassword: string;
  passwordHelp: string;
  withPassword: string;
  withToken: string;
  withCode: string;
  wrong: string;
  tooMany: string;
  refusedCode: string;
  claimTitle: string;
  claimLead: string;
  codeTitle: string;
  codeLead: string;
  code: string;
  codeHelp: string;
  enter: string;
  show: string;
  hide: string;
  plain: string;
  fingerprint: string;
  fingerprintHelp: string;
  resident: string;
  people: string;
  peopleLead: string;
  account: string;
  you: string;
  addPerson: string;
  role: Record<'operator' | 'technician', string>;
  roleHelp: Record<'operator' | 'technician', string>;
  pending: string;
  lastSeen: string;
  never: string;
  newCode: string;
  newCodeSure: (name: string) => string;
  remove: string;
  removeSure: (name: string) => string;
  codeFor: (name: string) => string;
  codeOnce: string;
  codeUntil: string;
  link: string;
  copy: string;
  copied: string;
  done: string;
  lastOperator: string;
  nameTaken: string;
  sessions: string;
  sessionsLead: string;
  thisOne: string;
  since: string;
  end: string;
  endAll: string;
  endAllSure: string;
  changePassword: string;
  changed: string;
  noPassword: string;
  nobody: string;
  nobodyText: string;
  onlyOperators: string;
}

export const fr: DoorWords = {
  name: 'Nom',
  password: 'Mot de passe',
  newPassword: 'Nouveau mot de passe',
  oldPassword: 'Mot de passe actuel',
  passwordHelp: 'Au moins 10 caractères. Une phrase se retient mieux.',
  withPassword: 'Entrer avec nom et mot de passe',
  withToken: 'Entrer avec le jeton d’opérateur',
  withCode: 'J’ai un code',
  wrong: 'Ce nom et ce mot de passe ne vont pas ensemble.',
  tooMany: 'Trop d’essais. Patientez une minute, puis recommencez.',
  refusedCode: 'Ce code n’est pas valable, ou il a expiré. Demandez-en un autre.',
  claimTitle: 'Bienvenue dans votre immeuble',
  claimLead: 'Personne n’est encore responsable de ce boîtier. Le code affiché à son premier démarrage fait de vous son opérateur.',
  codeTitle: 'Entrer avec un code',
  codeLead: 'Le code qu’un opérateur vous a donné sert une fois. Vous choisissez ensuite votre mot de passe.',
  code: 'Code',
  codeHelp: '12 lettres et chiffres ; les tirets ne comptent pas.',
  enter: 'Entrer',
  show: 'Afficher',
  hide: 'Masquer',
  plain: 'Connexion non chiffrée : utilisez-la seulement sur cette machine.',
  fingerprint: 'Empreinte du certificat',
  fingerprintHelp: 'Le navigateur avertit une fois parce que l’immeuble signe lui-même son certificat. Comparez cette empreinte avec celle de la lettre d’invitation ou de l’écran du boîtier.',
  resident: 'Je suis résident ou propriétaire',
  people: 'Personnes',
  peopleLead: 'Qui peut entrer dans cette page, et pour quoi faire.',
  account: 'Mon compte',
  you: 'vous',
  addPerson: 'Ajouter une personne',
  role: { operator: 'Opérateur', technician: 'Technicien' },
  roleHelp: {
    operator: 'Tout voir et tout régler.',
    technician: 'Tout voir, traiter alertes et interventions.',
  },
  pending: 'n’est pas encore entré',
  lastSeen: 'Vu',
  never: 'jamais vu',
  newCode: 'Nouveau code',
  newCodeSure: (name) => `Le mot de passe de ${name} ne vaudra plus et ses sessions seront fermées. Continuer ?`,
  remove: 'Retirer',
  removeSure: (name) => `Retirer ${name} ? Toutes ses sessions seront fermées.`,
  codeFor: (name) => `Code pour ${name}`,
  codeOnce: 'Notez-le maintenant : il ne sera plus affiché.',
  codeUntil: 'Valable jusqu’au',
  link: 'Lien à ouvrir sur son téléphone',
  copy: 'Copier',
  copied: 'Copié',
  done: 'Terminé',
  lastOperator: 'Il faut garder au moins un opérateur.',
  nameTaken: 'Ce nom est déjà pris.',
  sessions: 'Où vous êtes connecté',
  sessionsLead: 'Chaque appareil où quelqu’un est entré avec votre nom.',
  thisOne: 'cet appareil',
  since: 'Depuis',
  end: 'Fermer',
  endAll: 'Se déconnecter partout',
  endAllSure: 'Fermer toutes vos sessions, celle-ci comprise ?',
  changePassword: 'Changer le mot de passe',
  changed: 'Mot de passe changé. Les autres sessions sont fermées.',
  noPassword: 'Vous êtes entré avec le jeton d’opérateur, qui n’a pas de mot de passe.',
  nobody: 'Personne d’autre pour l’instant',
  nobodyText: 'Ajoutez le concierge, le syndic ou un technicien.',
  onlyOperators: 'Cette page est réservée aux opérateurs.',
};
