export interface CheckWords {
  verify: string;
  again: string;
  working: string;
  good: string;
  goodText: (height: string) => string;
  bad: string;
  badText: string;
  steps: Record<'transaction' | 'path' | 'header' | 'authorities' | 'certificate', string>;
  signed: (signatures: string, authorities: string, quorum: string) => string;
  held: string;
  broken: string;
  untried: string;
  whose: string;
}

export const fr: CheckWords = {
  verify: 'Vérifier dans ce navigateur',
  again: 'Vérifier encore',
  working: 'Vérification en cours…',
  good: 'La preuve tient',
  goodText: (height) => `Cette transaction est dans le registre, et le bloc ${height} qui l’atteste est définitif.`,
  bad: 'La preuve ne tient pas',
  badText: 'Ne vous fiez pas à cette page pour cette transaction. Comparez avec la page d’un immeuble voisin et prévenez votre gestionnaire.',
  steps: {
    transaction: 'Le contenu correspond à son numéro',
    path: 'Le chemin mène du contenu à la racine du registre',
    header: 'Le certificat porte sur ce bloc',
    authorities: 'Les autorités sont celles que le bloc nomme',
    certificate: 'Assez d’autorités ont signé ce bloc',
  },
  signed: (signatures, authorities, quorum) => `${signatures} signatures pour ${authorities} autorités, ${quorum} nécessaires`,
  held: 'tient',
  broken: 'ne tient pas',
  untried: 'pas vérifié',
  whose: 'Le calcul se fait sur votre appareil, mais cette page vient de l’immeuble lui-même. Pour un avis indépendant, ouvrez la même transaction sur la page d’un voisin, ou téléchargez la preuve et lancez « symbiose verify ».',
};
