// Words of checking a proof.

import { area } from '../lib/area';
import { ar } from './check.ar';
import { en } from './check.en';
import { fr } from './check.fr';
import { nl } from './check.nl';

export const checkWords = area({ fr, en, nl, ar });
