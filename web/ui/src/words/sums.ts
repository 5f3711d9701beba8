// Words of decisions about sums over many buildings.

import { area } from '../lib/area';
import { ar } from './sums.ar';
import { en } from './sums.en';
import { fr } from './sums.fr';
import { nl } from './sums.nl';

export const sumsWords = area({ fr, en, nl, ar });
