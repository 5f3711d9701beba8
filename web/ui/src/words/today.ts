// Words of the day's balance.

import { area } from '../lib/area';
import { ar } from './today.ar';
import { en } from './today.en';
import { fr } from './today.fr';
import { nl } from './today.nl';

export const todayWords = area({ fr, en, nl, ar });
