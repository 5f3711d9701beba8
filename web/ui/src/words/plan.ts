// Words of the building's plan.

import { area } from '../lib/area';
import { ar } from './plan.ar';
import { en } from './plan.en';
import { fr } from './plan.fr';
import { nl } from './plan.nl';

export const planWords = area({ fr, en, nl, ar });
