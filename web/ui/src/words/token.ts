// Words of tokens and carbon credits.

import { area } from '../lib/area';
import { ar } from './token.ar';
import { en } from './token.en';
import { fr } from './token.fr';
import { nl } from './token.nl';

export const tokenWords = area({ fr, en, nl, ar });
