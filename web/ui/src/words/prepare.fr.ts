export interface PrepareWords {
  matters: { readonly [matter: string]: string };
  rules: { readonly [rule: string]: string };
  deadlines: { readonly [rule: string]: string };
  laws: { readonly [law: string]: string };
  change: string;
  basics: string;
  agenda: string;
  item: (n: string) => string;
  add: string;
  addSecond: (rule: string) => string;
  secondOf: (n: string) => string;
  second: string;
  up: string;
  down: string;
  remove: string;
  needs: string;
  bridge: (rule: string) => string;
  urgent: string;
  urgentHelp: string;
  secretary: string;
  who: string;
  everybody: string;
  onlyCharge: (name: string) => string;
  missions: string;
  missionsHelp: string;
  addDocument: string;
  documentHelp: string;
  tooLarge: string;
  effectLead: string;
  effects: { readonly [effect: string]: string };
  assetCode: string;
  policyDocument: string;
  noDocument: string;
  authority: string;
  take: string;
  asking: string;
  dismissing: string;
  progress: { readonly [state: string]: string };
  due: (day: string) => string;
  inBlock: (height: string) => string;
  afterAppeal: string;
  afterAppealHelp: string;
  choose: string;
  next: string;
  noRegistry: string;
  toRegistry: string;
  again: string;
  againLead: { readonly [kind: string]: string };
  againFrom: (day: string) => string;
  againOf: (n: string) => string;
  optional: string;
  share: string;
  cancel: string;
}

export const fr: PrepareWords = {
  matters: {
    ordinary: 'Comptes, budget et tout le reste',
    syndic: 'Désigner le syndic',
    'council-member': 'Élire un membre du conseil',
    delegation: 'Déléguer des actes au conseil',
    'use-statutes': 'Règles d’usage des parties communes',
    works: 'Travaux aux parties communes',
    'imposed-works': 'Travaux imposés par la loi',
    'conservatory-works': 'Travaux conservatoires ou provisoires',
    'tender-amount': 'Montant à partir duquel un appel d’offres est obligatoire',
    'private-works': 'Travaux dans des parties privatives',
    'other-statutes': 'Autres changements des statuts',
    'charge-allocation': 'Répartition des charges',
    destination: 'Destination de l’immeuble',
    rebuilding: 'Reconstruction après destruction partielle',
    acquisition: 'Achat d’un immeuble',
    disposal: 'Vente ou charge de parties communes',
    'needed-disposal': 'Vente de parties communes nécessaires à la destination',
    'partial-association': 'Associations partielles',
    'lot-division': 'Diviser ou réunir des lots',
    'justified-demolition': 'Démolition pour salubrité, sécurité ou coût',
    demolition: 'Démolition sans ce motif',
    'declining-reserve': 'Renoncer au fonds de réserve',
    'share-change': 'Changer les quotes-parts',
    'share-change-by-works': 'Quotes-parts, à la suite de travaux',
    'share-change-by-division': 'Quotes-parts, à la suite d’une division',
    dissolution: 'Dissoudre l’association',
    'absolute-matter': 'Autre décision de l’article 25',
    'double-matter': 'Autre décision de l’article 26',
  },
  rules: {
    'be-absolute': 'plus de la moitié des voix exprimées',
    'be-two-thirds': 'deux tiers des voix exprimées',
    'be-four-fifths': 'quatre cinquièmes des voix exprimées',
    'be-unanimity': 'toutes les voix de tous les propriétaires',
    'be-unanimity-again': 'toutes les voix présentes ou représentées',
    'fr-24': 'plus de la moitié des voix exprimées (article 24)',
    'fr-25': 'plus de la moitié de toutes les voix (article 25)',
    'fr-26': 'plus de la moitié des propriétaires et deux tiers des voix (article 26)',
    'fr-unanimity': 'toutes les voix de tous les propriétaires',
    'fr-41-15-24': 'à deux propriétaires : plus de la moitié des voix',
    'fr-41-15-25': 'à deux propriétaires : deux tiers des voix',
  },
  deadlines: {
    'be-notice': 'Convoquer',
    'fr-notice': 'Convoquer',
    'be-agenda': 'Recevoir les points à ajouter à l’ordre du jour',
    'be-second-meeting': 'Tenir la deuxième assemblée',
    'be-unanimity-delay': 'Voter de nouveau l’unanimité',
    'fr-postal': 'Recevoir les formulaires par correspondance',
    'be-minutes': 'Envoyer le procès-verbal',
    'fr-minutes': 'Notifier le procès-verbal',
    'be-annulment': 'Demander l’annulation au juge',
    'fr-challenge': 'Contester devant le juge',
  },
  laws: { 'be-2020': 'Code civil belge, livre 3', 'fr-2020': 'Loi française 65-557' },
  change: 'Modifier',
  basics: 'Jour et personnes',
  agenda: 'Ordre du jour',
  item: (n) => `Point ${n}`,
  add: 'Ajouter un point',
  addSecond: (rule) => `Prévoir le second vote : ${rule}`,
  secondOf: (n) => `Second vote du point ${n}`,
  second: 'Il n’a lieu que si la majorité du premier vote est manquée et que la loi permet de revoter aussitôt.',
  up: 'Monter',
  down: 'Descendre',
  remove: 'Retirer',
  needs: 'Il faut',
  bridge: (rule) => `Si elle est manquée de peu, on revote aussitôt : ${rule}.`,
  urgent: 'Urgent',
  urgentHelp: 'Le délai de convocation ne s’applique alors pas.',
  secretary: 'Secrétaire',
  who: 'Qui vote',
  everybody: 'Tous, selon leurs quotes-parts',
  onlyCharge: (name) => `Seulement qui supporte : ${name}`,
  missions: 'Concerne la mission de',
  missionsHelp: 'Ces personnes ne prennent pas part au vote.',
  addDocument: 'Joindre un document',
  documentHelp: 'Au plus 2 Mio. Il reste dans l’immeuble ; le vote en porte l’empreinte.',
  tooLarge: 'Ce document dépasse 2 Mio.',
  effectLead: 'Si c’est adopté',
  effects: { nothing: 'Des personnes s’en occupent', work_order: 'Ouvrir un bon de travail', purchase: 'Commencer un achat groupé', policy: 'Adopter une règle de surveillance', energy: 'Demander au réseau : partage ou tarif', authority: 'Demander au réseau : une autorité' },
  assetCode: 'Code de l’équipement',
  policyDocument: 'Document qui contient la règle',
  noDocument: 'Joignez d’abord le document.',
  authority: 'Immeuble',
  take: 'Retenir',
  asking: 'Ajouter comme autorité',
  dismissing: 'Retirer comme autorité',
  progress: { done: 'Exécuté', jointly: 'La question à plusieurs immeubles décide', awaits_minutes: 'Attend le procès-verbal : le délai de recours court à partir de là', impossible: 'N’avait plus d’objet' },
  due: (day) => `Attend la fin du délai de recours : exécuté à partir du ${day}`,
  inBlock: (height) => `dans le bloc ${height}`,
  afterAppeal: 'Exécuter seulement après le délai de recours',
  afterAppealHelp: 'Belgique : 4 mois. France : 2 mois après la notification.',
  choose: 'Choisissez',
  next: 'Enregistrer et vérifier',
  noRegistry: 'Il faut d’abord un registre avec la loi applicable ce jour-là.',
  toRegistry: 'Vers le registre',
  again: 'Préparer l’assemblée suivante',
  againLead: { 'without-quorum': 'Le quorum manquait : une deuxième assemblée décide sans quorum, sur les mêmes points.', 'for-unanimity': 'L’unanimité a été manquée par absence : une nouvelle assemblée décide à l’unanimité des présents.' },
  againFrom: (day) => `Au plus tôt le ${day}.`,
  againOf: (n) => `Suite de l’assemblée ${n}`,
  optional: 'facultatif',
  share: 'Ce que le réseau doit décider',
  cancel: 'Annuler',
};
