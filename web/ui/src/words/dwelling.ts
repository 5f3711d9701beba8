// Words of dwellings inside the building.

import { area } from '../lib/area';
import { ar } from './dwelling.ar';
import { en } from './dwelling.en';
import { fr } from './dwelling.fr';
import { nl } from './dwelling.nl';

export const dwellingWords = area({ fr, en, nl, ar });
