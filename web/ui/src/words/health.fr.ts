/** What a thing is called, and what to do about it. */
export type Remark = [title: string, advice: string];

export interface HealthWords {
  title: string;
  lead: string;
  ok: string;
  okText: string;
  attention: string;
  not_ready: string;
  notice: string;
  weight_attention: string;
  weight_not_ready: string;
  since: string;
  detail: string;
  general: string;
  store: string;
  storeLead: string;
  points: string;
  bytes: string;
  perPoint: (n: string) => string;
  written: string;
  free: string;
  of: string;
  losses: string;
  noLosses: string;
  lossText: (gaps: string, records: string, bytes: string) => string;
  late: string;
  duplicates: string;
  conflicts: string;
  quarantined: string;
  refused: string;
  days: string;
  day: string;
  size: string;
  stateOpen: string;
  stateSealed: string;
  stateRollups: string;
  backup: string;
  backupLead: string;
  backupGet: string;
  /** By the code the node gives. */
  remarks: Record<string, Remark>;
}

export const fr: HealthWords = {
  title: 'Santé',
  lead: 'Comment va ce boîtier, et ce qu’il faut faire.',
  ok: 'Tout va bien',
  okText: 'Rien ne demande votre attention.',
  attention: 'Quelque chose demande votre attention',
  not_ready: 'Le boîtier ne fait pas tout son travail',
  notice: 'pour information',
  weight_attention: 'à regarder',
  weight_not_ready: 'à régler',
  since: 'Depuis',
  detail: 'Détail technique',
  general: 'Le journal du boîtier en dit plus ; « symbiose doctor » cherche la cause.',
  store: 'Relevés gardés',
  storeLead: 'Ils restent dans l’immeuble, sur ce disque.',
  points: 'Valeurs',
  bytes: 'Place prise',
  perPoint: (n) => `${n} octet par valeur`,
  written: 'Écrit par jour',
  free: 'Libre',
  of: ' sur ',
  losses: 'Pertes',
  noLosses: 'aucune',
  lossText: (gaps, records, bytes) => `endroits abîmés : ${gaps} · enregistrements perdus : ${records} (${bytes})`,
  late: 'Arrivées en retard',
  duplicates: 'Doublons',
  conflicts: 'Contradictions',
  quarantined: 'En quarantaine',
  refused: 'Refusées',
  days: 'Jours gardés',
  day: 'Jour',
  size: 'Taille',
  stateOpen: 'en cours',
  stateSealed: 'clos',
  stateRollups: 'moyennes seules',
  backup: 'Sauvegarde',
  backupLead: 'Tout ce que l’immeuble sait, dans un fichier : relevés, règles, interventions, photos, registre et clés. Gardez-le hors de l’immeuble, à l’abri.',
  backupGet: 'Télécharger la sauvegarde',
  remarks: {
    backup_failed: ['Sauvegarde interrompue', 'Regardez si le disque ou le téléchargement s’est arrêté, puis refaites la sauvegarde.'],
    backup_missing: ['Aucune sauvegarde', 'Faites une sauvegarde et gardez-la hors de l’immeuble.'],
    backup_old: ['Sauvegarde ancienne', 'Refaites une sauvegarde et gardez-la hors de l’immeuble.'],
    blocks_damaged: ['Registre réparé', 'Rien à faire maintenant. Si cela revient, remplacez le disque ou la carte SD.'],
    building_log_damaged: ['Dossier de l’immeuble abîmé', 'Vérifiez règles, alertes et interventions. S’il en manque, restaurez une sauvegarde, puis remplacez le disque ou la carte SD.'],
    cards_refused: ['Fiches ou avis refusés', 'Rien n’est perdu ici. Si le nombre augmente, demandez dans le voisinage quel boîtier envoie ce qui ne tient pas ; le journal le nomme.'],
    catching_up: ['Rattrapage en cours', 'Patientez : le boîtier récupère chez les voisins ce qu’il a manqué.'],
    certificate_expired: ['Certificat expiré', 'Renouvelez le certificat de la page et redémarrez le boîtier.'],
    certificate_expiring: ['Certificat bientôt expiré', 'Renouvelez le certificat de la page avant cette date.'],
    clock_doubtful: ['Horloge douteuse', 'Réglez l’heure, ou donnez au boîtier Internet ou un module d’horloge : les relevés portent son heure.'],
    clock_jumped: ['L’horloge a sauté', 'Vérifiez que la machine prend l’heure du réseau ou a un module d’horloge.'],
    disk_full: ['Disque plein', 'Libérez de la place maintenant, ou passez à un disque plus grand. Les relevés reprennent d’eux-mêmes.'],
    disk_low: ['Disque presque plein', 'Libérez de la place ou gardez les relevés bruts moins longtemps.'],
    entries_unreadable: ['Entrées illisibles', 'Vérifiez règles, alertes et interventions. S’il en manque, restaurez une sauvegarde.'],
    hot: ['La machine chauffe', 'Donnez-lui de l’air ou un radiateur : au-delà de 80 °C elle ralentit.'],
    index_behind: ['Index en retard', 'Rien à faire : il est refait au prochain démarrage.'],
    index_rebuilt: ['Index refait', 'Rien à faire. Si cela revient, remplacez le disque ou la carte SD.'],
    ledger_halted: ['Le registre ne suit plus', 'Redémarrez le boîtier. Si cela dure, signalez-le avec son journal.'],
    machine_unwatched: ['Écritures non comptées', 'Rien à faire : le système ne dit pas combien il écrit.'],
    memory_low: ['Mémoire presque épuisée', 'Arrêtez d’autres programmes sur cette machine, ou prenez-en une plus grande.'],
    no_peers: ['Aucun voisin joint', 'Vérifiez le réseau et que les boîtiers voisins tournent.'],
    no_time_sync: ['Heure non synchronisée', 'Donnez Internet à la machine ou un serveur de temps local.'],
    not_member: ['Pas membre de la ruche', 'Si le fichier de la clé ou le dossier a été modifié ou abîmé, restaurez une sauvegarde ; un immeuble exclu demande une nouvelle invitation.'],
    restored: ['Restauré d’une sauvegarde', 'Patientez : le boîtier vote de nouveau quand la ruche a avancé de quelques blocs.'],
    settlement_disputed: ['Partage d’énergie contesté', 'Comparez les versions des boîtiers : ces quarts d’heure restent ouverts jusqu’à ce qu’une version suivante tienne.'],
    starting: ['Démarrage', 'Patientez quelques secondes.'],
    telemetry_broken: ['Relevés impossibles', 'Redémarrez le boîtier. Si cela revient, remplacez le disque ou la carte SD.'],
    telemetry_damaged: ['Relevés abîmés', 'Ce qui était lisible est gardé. Si cela revient, remplacez le disque ou la carte SD.'],
    telemetry_disk_full: ['Plus de place pour les relevés', 'Libérez de la place : les relevés reprennent d’eux-mêmes.'],
    telemetry_lost: ['Des relevés sont perdus', 'Ce qui était lisible est gardé. Si cela revient, remplacez le disque ou la carte SD.'],
    throttled: ['La machine est bridée', 'Donnez-lui de l’air et une alimentation plus forte.'],
    undervoltage: ['Tension trop faible', 'Prenez l’alimentation prévue et un câble court et épais : une tension faible abîme la carte SD.'],
    vote_log_damaged: ['Journal des votes réparé', 'Rien à faire. Si cela revient, remplacez le disque ou la carte SD.'],
    worn_disk: ['Carte SD usée', 'Prévoyez de la remplacer.'],
  },
};
