// Words of the minutes.

import { area } from '../lib/area';
import { ar } from './minutes.ar';
import { en } from './minutes.en';
import { fr } from './minutes.fr';
import { nl } from './minutes.nl';

export const minutesWords = area({ fr, en, nl, ar });
