import { counting } from './count';

const { count, number } = counting('fr');

export interface PolicyWords {
  title: string;
  lead: string;
  add: string;
  off: string;
  kind: string;
  calls: (severity: string) => string;
  withOrder: string;
  when: string;
  and: string;
  or: string;
  andLabel: string;
  orLabel: string;
  cmp: { readonly [sign: string]: string };
  ops: { readonly [operator: string]: string };
  ruleNames: { readonly [rule: string]: string };
  mean: (q: string, c: string, t: string, w: string) => string;
  last: (q: string, c: string, t: string, n: number) => string;
  runtime: (q: string, c: string, t: string) => string;
  rate: (q: string, c: string, t: string, w: string) => string;
  count: (q: string, c: string, t: string, n: number, w: string) => string;
  row: (q: string, c: string, t: string, n: number) => string;
  silence: (q: string, w: string) => string;
  unusual: (q: string, t: string) => string;
  record: (q: string, t: string) => string;
  unusualHelp: string;
  recordHelp: string;
  clears: (t: string) => string;
  group: (n: number) => string;
  metric: string;
  combine: string;
  second: string;
  rule: string;
  compare: string;
  threshold: string;
  clear: string;
  clearHelp: string;
  window: string;
  samples: string;
  addCondition: string;
  addGroup: string;
  removeCondition: string;
  then: string;
  severity: string;
  message: string;
  description: string;
  order: string;
  enabled: string;
  course: string;
  closeAfter: string;
  closeHelp: string;
  escalate: string;
  afterMinutes: string;
  addStep: string;
  removeStep: string;
  downgrade: string;
  save: string;
  saved: string;
  cancel: string;
  remove: string;
  removeSure: (id: string) => string;
  refused: (field: string) => string;
  tryIt: string;
  tryLead: string;
  days: (n: number) => string;
  trying: string;
  fired: (n: number) => string;
  onAsset: (n: number, minutes: string) => string;
  truncated: string;
  ongoing: string;
  curve: string;
  versions: string;
  version: (n: number) => string;
  byProgram: string;
  by: string;
  exportToml: string;
  importToml: string;
  preview: string;
  created: string;
  changed: string;
  unchanged: string;
  apply: string;
  nothing: string;
  readOnly: string;
  none: string;
}

export const fr: PolicyWords = {
  title: 'Règles',
  lead: 'Quand l’immeuble doit appeler quelqu’un. Chaque règle vaut pour tous les équipements d’un type.',
  add: 'Nouvelle règle',
  off: 'désactivée',
  kind: 'Équipements',
  calls: (severity) => `ouvre une alerte ${severity}`,
  withOrder: 'et une intervention',
  when: 'Quand',
  and: ' et ',
  or: ' ; ou ',
  andLabel: 'et',
  orLabel: 'ou bien',
  cmp: { '>': 'au-dessus de', '>=': 'd’au moins', '<': 'en dessous de', '<=': 'd’au plus' },
  ops: { none: 'seule', plus: 'plus', minus: 'moins', times: 'fois', over: 'divisée par' },
  ruleNames: { threshold: 'Seuil', runtime: 'Compteur depuis l’entretien', rate_of_change: 'Vitesse de variation', count: 'Nombre de relevés', consecutive: 'Relevés de suite', no_data: 'Silence du capteur', unusual: 'Inhabituel', record: 'Record' },
  mean: (q, c, t, w) => `la moyenne de ${q} sur ${w} est ${c} ${t}`,
  last: (q, c, t, n) => n === 1 ? `${q} est ${c} ${t}` : `${q} est ${c} ${t} ${count(n, { one: 'au dernier relevé', other: 'aux # derniers relevés' })}`,
  runtime: (q, c, t) => `${q} compte ${c} ${t} depuis le dernier entretien`,
  rate: (q, c, t, w) => `${q} varie de ${c} ${t} par minute sur ${w}`,
  count: (q, c, t, n, w) => `${q} est ${c} ${t} dans au moins ${count(n, { one: '# relevé', other: '# relevés' })} en ${w}`,
  row: (q, c, t, n) => `${q} est ${c} ${t} dans ${count(n, { one: '# relevé', other: '# relevés' })} de suite`,
  silence: (q, w) => `${q} ne donne plus rien depuis ${w}`,
  unusual: (q, t) => `${q} s’écarte de son cours habituel, de plus de ${t} écarts types`,
  record: (q, t) => `${q} dépasse tout ce qui a été vu, de plus de ${t} % de l’étendue`,
  unusualHelp: 'Moyenne des 8 derniers relevés comparée aux 1 000 précédentes. 6,4 écarts types : presque jamais par hasard.',
  recordHelp: 'En pour cent de l’écart entre le plus bas et le plus haut relevé connus.',
  clears: (t) => `fini à ${t}`,
  group: (n) => `Cas ${n}`,
  metric: 'Mesure',
  combine: 'Combinée',
  second: 'Autre mesure',
  rule: 'Ce qui compte',
  compare: 'Comparaison',
  threshold: 'Seuil',
  clear: 'Fin de l’alerte à (facultatif)',
  clearHelp: 'Un peu avant le seuil, pour que l’alerte ne clignote pas.',
  window: 'Durée (minutes)',
  samples: 'Relevés',
  addCondition: 'Et une autre condition',
  addGroup: 'Ou un autre cas',
  removeCondition: 'Retirer cette condition',
  then: 'Alors',
  severity: 'Gravité',
  message: 'Message de l’alerte',
  description: 'Explication pour le technicien',
  order: 'Ouvrir une intervention avec l’alerte',
  enabled: 'Règle active',
  course: 'Ensuite',
  closeAfter: 'Se ferme seule après (minutes calmes)',
  closeHelp: 'Vide : une personne la ferme.',
  escalate: 'Devient plus grave',
  afterMinutes: 'après (minutes)',
  addStep: 'Ajouter un palier',
  removeStep: 'Retirer ce palier',
  downgrade: 'Baisse d’un cran après (minutes calmes)',
  save: 'Enregistrer',
  saved: 'Règle enregistrée.',
  cancel: 'Annuler',
  remove: 'Supprimer la règle',
  removeSure: (id) => `Supprimer la règle ${id} ? Ses alertes passées restent.`,
  refused: (field) => `Refusé : ${field}`,
  tryIt: 'Essayer sur le passé',
  tryLead: 'Ce que la règle aurait fait avec les relevés gardés, avant de l’enregistrer.',
  days: (n) => count(n, { one: '# jour', other: '# jours' }),
  trying: 'Lecture des relevés…',
  fired: (n) => n === 0 ? `Elle n’aurait rien signalé.` : `Elle aurait signalé ${n} fois.`,
  onAsset: (n, minutes) => `${number(n)} fois, ${minutes}`,
  truncated: 'Il y avait plus de relevés qu’un essai n’en lit : le début seulement.',
  ongoing: 'en cours',
  curve: 'Voir la courbe',
  versions: 'Versions',
  version: (n) => `version ${n}`,
  byProgram: 'fournie avec le programme',
  by: 'par',
  exportToml: 'Exporter (TOML)',
  importToml: 'Importer un fichier',
  preview: 'Voici ce que le fichier changerait :',
  created: 'Nouvelles',
  changed: 'Modifiées',
  unchanged: 'Inchangées',
  apply: 'Appliquer',
  nothing: 'Rien ne changerait.',
  readOnly: 'Seul un opérateur peut changer les règles.',
  none: 'Aucune règle',
};
