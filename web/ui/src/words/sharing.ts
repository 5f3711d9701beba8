// Words of sharing energy with neighbours.

import { area } from '../lib/area';
import { ar } from './sharing.ar';
import { en } from './sharing.en';
import { fr } from './sharing.fr';
import { nl } from './sharing.nl';

export const sharingWords = area({ fr, en, nl, ar });
