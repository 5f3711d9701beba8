import { counting } from './count';
import type { components } from '../api';

const { count, number } = counting('fr');

export interface HallWords {
  metrics: string;
  metricsLead: string;
  kind: string;
  kinds: { readonly [kind: string]: string };
  unit: string;
  decimals: string;
  rollover: string;
  onConflict: string;
  conflicts: { readonly [rule: string]: string };
  rawDays: string;
  quarterDays: string;
  dayDays: string;
  forEver: string;
  series: (n: number) => string;
  keptFor: (n: number) => string;
  save: string;
  saved: string;
  edit: string;
  cancel: string;
  refused: (why: string) => string;
  swap: string;
  swapLead: string;
  asset: string;
  metric: string;
  at: string;
  endReading: string;
  startReading: string;
  note: string;
  invite: string;
  inviteLead: string;
  makeInvitation: string;
  once: string;
  until: string;
  how: string;
  copy: string;
  copied: string;
  issued: string;
  takeBack: string;
  fates: Readonly<Record<components['schemas']['InvitationStatus'], string>>;
  decisions: string;
  decisionsLead: string;
  noDecisions: string;
  actions: Readonly<Record<components['schemas']['GovernanceAction']['kind'], string>>;
  asks: string;
  asksNot: string;
  approve: string;
  approvals: (n: number, needed: number) => string;
  states: { readonly [state: string]: string };
  propose: string;
  member: string;
  sure: string;
}

export const fr: HallWords = {
  metrics: 'Mesures',
  metricsLead: 'Ce que les capteurs envoient, comment le lire et combien de temps le garder.',
  kind: 'Nature',
  kinds: { gauge: 'Valeur du moment', counter: 'Compteur', state: 'État' },
  unit: 'Unité',
  decimals: 'Décimales',
  rollover: 'Le compteur repart de 0 à',
  onConflict: 'Deux valeurs pour le même instant',
  conflicts: { first: 'garder la première', last: 'garder la dernière' },
  rawDays: 'Relevés gardés (jours)',
  quarterDays: 'Moyennes de 15 min gardées (jours)',
  dayDays: 'Moyennes du jour gardées (jours)',
  forEver: 'Vide : pour toujours.',
  series: (n) => count(n, { one: '# capteur', other: '# capteurs' }),
  keptFor: (n) => `gardé ${count(n, { one: '# jour', other: '# jours' })}`,
  save: 'Enregistrer',
  saved: 'Enregistré.',
  edit: 'Modifier',
  cancel: 'Annuler',
  refused: (why) => `Refusé : ${why}`,
  swap: 'Compteur remplacé',
  swapLead: 'Notez le dernier index de l’ancien et le premier du nouveau : la consommation reste juste, sans saut.',
  asset: 'Équipement',
  metric: 'Compteur',
  at: 'Remplacé le',
  endReading: 'Dernier index de l’ancien',
  startReading: 'Premier index du nouveau',
  note: 'Note',
  invite: 'Inviter un immeuble',
  inviteLead: 'Une invitation sert une fois et vit 24 heures au plus. Donnez-la de main à main ou par un canal sûr.',
  makeInvitation: 'Créer l’invitation',
  once: 'Elle n’est affichée qu’ici, maintenant.',
  until: 'Valable jusqu’au',
  how: 'Sur le nouveau boîtier :',
  copy: 'Copier',
  copied: 'Copié',
  issued: 'Invitations déjà faites',
  takeBack: 'Reprendre',
  fates: { open: 'valable', waiting: 'attend des signatures', used: 'utilisée', revoked: 'reprise', expired: 'expirée' },
  decisions: 'Décisions de la ruche',
  decisionsLead: 'Elles prennent effet quand plus des deux tiers des autorités approuvent.',
  noDecisions: 'Aucune décision en cours ou passée.',
  actions: {
    add_authority: 'Faire autorité',
    remove_authority: 'Retirer le vote',
    exclude: 'Exclure et changer la clé du réseau',
    revoke_member: 'Exclure',
    change_key: 'Nouvelle clé',
    ask_cosignatures: 'Nouveaux membres',
    ask_jointly: 'Une question à plusieurs immeubles',
    aggregate: 'Sommes entre immeubles',
    energy: 'Énergie',
  },
  asks: 'plusieurs autorités signent',
  asksNot: 'une autorité suffit',
  approve: 'Approuver',
  approvals: (n, needed) => `${count(n, { one: '# approbation', other: '# approbations' })} sur ${number(needed)}`,
  states: { open: 'ouverte', executed: 'exécutée', expired: 'expirée', rejected: 'refusée' },
  propose: 'Proposer une décision',
  member: 'Immeuble',
  sure: 'Proposer cette décision aux autorités ?',
};
