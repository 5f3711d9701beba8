// Words of what became of machines after an alert.

import { area } from '../lib/area';
import { ar } from './survival.ar';
import { en } from './survival.en';
import { fr } from './survival.fr';
import { nl } from './survival.nl';

export const survivalWords = area({ fr, en, nl, ar });
