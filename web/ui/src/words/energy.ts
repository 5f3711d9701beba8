// Words of the building's energy.

import { area } from '../lib/area';
import { ar } from './energy.ar';
import { en } from './energy.en';
import { fr } from './energy.fr';
import { nl } from './energy.nl';

export const energyWords = area({ fr, en, nl, ar });
