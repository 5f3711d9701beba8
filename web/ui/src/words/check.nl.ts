import type { CheckWords } from './check.fr';

export const nl: CheckWords = {
  verify: 'In deze browser controleren',
  again: 'Opnieuw controleren',
  working: 'Bezig met controleren…',
  good: 'Het bewijs klopt',
  goodText: (height) => `Deze transactie staat in het register, en blok ${height} dat dit aantoont is definitief.`,
  bad: 'Het bewijs klopt niet',
  badText: 'Vertrouw deze pagina niet voor deze transactie. Vergelijk met de pagina van een naburig gebouw en verwittig uw beheerder.',
  steps: {
    transaction: 'De inhoud hoort bij het nummer',
    path: 'Het pad leidt van de inhoud naar de wortel van het register',
    header: 'Het certificaat gaat over dit blok',
    authorities: 'De autoriteiten zijn die welke het blok noemt',
    certificate: 'Genoeg autoriteiten hebben dit blok ondertekend',
  },
  signed: (signatures, authorities, quorum) => `${signatures} handtekeningen van ${authorities} autoriteiten, ${quorum} nodig`,
  held: 'klopt',
  broken: 'klopt niet',
  untried: 'niet gecontroleerd',
  whose: 'Uw eigen toestel rekent, maar deze pagina komt van het gebouw zelf. Voor een onafhankelijk oordeel opent u dezelfde transactie op de pagina van een buur, of downloadt u het bewijs en start u “symbiose verify”.',
};
