// Words of receipts, of ballots handed in at a neighbour's and of what stands on record.

import { area } from '../lib/area';
import { ar } from './receipt.ar';
import { en } from './receipt.en';
import { fr } from './receipt.fr';
import { nl } from './receipt.nl';

export const receiptWords = area({ fr, en, nl, ar });
