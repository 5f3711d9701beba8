import type { CheckWords } from './check.fr';

export const en: CheckWords = {
  verify: 'Verify in this browser',
  again: 'Verify again',
  working: 'Verifying…',
  good: 'The proof holds',
  goodText: (height) => `This transaction is in the ledger, and block ${height}, which shows it, is final.`,
  bad: 'The proof does not hold',
  badText: 'Do not rely on this page for this transaction. Compare with the page of a neighbouring building and tell your manager.',
  steps: {
    transaction: 'The content belongs to its number',
    path: 'The path leads from the content to the root of the ledger',
    header: 'The certificate is about this block',
    authorities: 'The authorities are those the block names',
    certificate: 'Enough authorities signed this block',
  },
  signed: (signatures, authorities, quorum) => `${signatures} signatures of ${authorities} authorities, ${quorum} needed`,
  held: 'holds',
  broken: 'does not hold',
  untried: 'not checked',
  whose: 'Your own device does the sums, but this page comes from the building itself. For an independent opinion open the same transaction on a neighbour’s page, or download the proof and run “symbiose verify”.',
};
