// Words of preparing an assembly: what may be decided, with which majority, until when.

import { area } from '../lib/area';
import { ar } from './prepare.ar';
import { en } from './prepare.en';
import { fr } from './prepare.fr';
import { nl } from './prepare.nl';

export const prepareWords = area({ fr, en, nl, ar });
