import { counting } from './count';

const { count } = counting('fr');

type Names = Record<string, string>;

export interface IncidentWords {
  title: string;
  lead: string;
  system: string;
  symptom: string;
  flow: string;
  cause: string;
  remedy: string;
  cost: string;
  span: string;
  outcome: string;
  contractor: string;
  contractorHint: string;
  numberHint: string;
  rating: string;
  when: string;
  severity: string;
  building: string;
  any: string;
  nobody: string;
  unsaid: string;
  everybody: string;
  systems: Names;
  symptoms: Names;
  flows: Names;
  causes: Names;
  remedies: Names;
  costs: Names;
  spans: Names;
  outcomes: Names;
  ratings: Names;
  severities: Names;
  others: string;
  offer: (count: number) => string;
  offerFew: string;
  none: string;
  seeAll: string;
  done: string;
  times: (count: number) => string;
  rated: string;
  ratedBy: (ratings: number, good: string, jobs: number) => string;
  kept: (count: number) => string;
  askingStaysHere: string;
  share: string;
  shareLead: string;
  preview: string;
  previewTitle: string;
  previewLead: string;
  never: string;
  relay: (name: string) => string;
  ratedBefore: string;
  send: string;
  back: string;
  left: (count: string) => string;
  handedIn: string;
  refused: (why: string) => string;
  ownTitle: string;
  ownLead: string;
  noOwn: string;
  told: Names;
  withdrawTitle: string;
  withdrawLead: string;
  withdraw: string;
  withdrawn: string;
}

export const fr: IncidentWords = {
  title: 'Ce que d’autres ont fait',
  lead: 'Des immeubles du quartier disent par quelques mots choisis comment une panne s’est terminée. Ni nom, ni adresse, ni date, ni prix exact, ni texte libre.',
  system: 'Installation',
  symptom: 'Ce qu’on remarque',
  flow: 'Perte',
  cause: 'Cause',
  remedy: 'Ce qui a été fait',
  cost: 'Coût',
  span: 'Durée du travail',
  outcome: 'Résultat',
  contractor: 'Entreprise',
  contractorHint: 'Numéro d’entreprise : BE, FR, LU ou NL et les chiffres. Laissez vide si vous n’avez pas informé l’entreprise.',
  numberHint: 'BE, FR, LU ou NL, puis les chiffres.',
  rating: 'Satisfaction',
  when: 'Quand',
  severity: 'Gravité',
  building: 'Immeubles comparables',
  any: 'Peu importe',
  nobody: 'Non dit',
  unsaid: 'non dit',
  everybody: 'rien n’en est dit',
  systems: { water_riser: 'Colonne d’eau', hot_water: 'Eau chaude', drain: 'Évacuation', heating: 'Chauffage', ventilation: 'Ventilation', cooling: 'Climatisation', elevator: 'Ascenseur', electricity: 'Électricité', solar: 'Panneaux solaires', meter: 'Compteur', envelope: 'Toit et façade' },
  symptoms: { leak: 'Fuite', overheating: 'Surchauffe', too_cold: 'Trop froid', vibration: 'Vibration', noise: 'Bruit', low_pressure: 'Pression faible', high_use: 'Consommation élevée', low_output: 'Production faible', stopped: 'À l’arrêt', blocked: 'Bloqué', wear: 'Usure ou entretien', wrong_figures: 'Chiffres faux ou absents' },
  flows: { under_5: 'moins de 5 L/h', '5_20': '5 à 20 L/h', '20_100': '20 à 100 L/h', from_100: '100 L/h et plus' },
  causes: { unknown: 'Inconnue', worn_part: 'Pièce usée', worn_seal: 'Joint usé', corrosion: 'Corrosion', limescale: 'Calcaire', dirt: 'Saleté', setting: 'Mauvais réglage', frost: 'Gel', damage: 'Dégât', electrical: 'Défaut électrique', installation: 'Erreur d’installation' },
  remedies: { repaired: 'Réparé', part_replaced: 'Pièce remplacée', unit_replaced: 'Appareil remplacé', sealed: 'Étanchéifié', cleaned: 'Nettoyé', adjusted: 'Réglé', refilled: 'Purgé ou rempli', restarted: 'Redémarré', nothing: 'Rien' },
  costs: { under_50: 'moins de 50 €', '50_100': '50 à 100 €', '100_200': '100 à 200 €', '200_500': '200 à 500 €', '500_1000': '500 à 1 000 €', '1000_2000': '1 000 à 2 000 €', '2000_5000': '2 000 à 5 000 €', from_5000: '5 000 € et plus' },
  spans: { under_1h: 'moins d’une heure', '1_2h': '1 à 2 heures', '2_4h': '2 à 4 heures', '4_8h': '4 à 8 heures', '8_24h': '8 à 24 heures', '1_3d': '1 à 3 jours', from_3d: '3 jours et plus' },
  outcomes: { solved: 'Résolu', partly: 'Résolu en partie', came_back: 'Revenu', not_solved: 'Non résolu' },
  ratings: { poor: 'Mécontent', fair: 'Moyen', good: 'Content' },
  severities: { low: 'faible', medium: 'moyenne', high: 'élevée' },
  others: 'Ce que d’autres ont fait',
  offer: (n) => count(n, { one: '# immeuble a eu la même chose.', other: '# immeubles ont eu la même chose.' }),
  offerFew: 'Un voisin au moins a eu la même chose.',
  none: 'Personne n’en a encore parlé.',
  seeAll: 'Chercher autrement',
  done: 'Ce qui a été fait le plus souvent',
  times: (n) => count(n, { one: '# fois', other: '# fois' }),
  rated: 'Entreprises assez évaluées',
  ratedBy: (ratings, good, jobs) => `${good} de contents sur ${count(ratings, { one: '# immeuble', other: '# immeubles' })}, ${count(jobs, { one: '# travail', other: '# travaux' })}`,
  kept: (n) => count(n, { zero: 'Aucune fiche dans ce nœud.', one: '# fiche dans ce nœud.', other: '# fiches dans ce nœud.' }),
  askingStaysHere: 'La recherche se fait ici : personne n’apprend ce que vous cherchez.',
  share: 'Aider les voisins',
  shareLead: 'Dites en quelques mots comment cela s’est terminé. Vous voyez d’abord exactement ce qui part.',
  preview: 'Voir ce qui part',
  previewTitle: 'Voici exactement ce qui part',
  previewLead: 'Rien d’autre. La fiche attend la fin de la semaine et part avec celles d’au moins deux autres immeubles.',
  never: 'Jamais : nom, adresse, logement, date, prix exact, notes, photos.',
  relay: (name) => `Seul ${name}, qui rassemble les fiches cette semaine, sait de quel immeuble elle vient.`,
  ratedBefore: 'Votre avis ne part pas : cet immeuble a déjà évalué cette entreprise.',
  send: 'Envoyer cette fiche',
  back: 'Corriger',
  left: (count) => `Encore ${count} cette semaine.`,
  handedIn: 'La fiche de cet incident :',
  refused: (why) => `Refusé : ${why}`,
  ownTitle: 'Fiches de cet immeuble',
  ownLead: 'Ce qui est parti, et où cela en est.',
  noOwn: 'Aucune fiche n’est partie.',
  told: { waiting: 'en route', kept: 'attend la fin de la semaine', let_out: 'publiée avec d’autres', given_up: 'abandonnée : trop peu d’immeubles', not_relay: 'refusée : mauvais relais', other_week: 'refusée : autre semaine', signature: 'refusée : signature', quota: 'refusée : trop de fiches', rated: 'refusée : déjà évaluée', full: 'refusée : relais plein', future: 'refusée : date à venir' },
  withdrawTitle: 'Une entreprise s’oppose',
  withdrawLead: 'Son numéro disparaît alors de toutes les fiches, sur tous les nœuds.',
  withdraw: 'Retirer l’entreprise',
  withdrawn: 'Noté. Le numéro disparaît à la fin de la semaine.',
};
