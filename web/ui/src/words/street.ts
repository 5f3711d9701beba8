// Words of what several buildings notice at once, and of the switches for what may leave.

import { area } from '../lib/area';
import { ar } from './street.ar';
import { en } from './street.en';
import { fr } from './street.fr';
import { nl } from './street.nl';

export const streetWords = area({ fr, en, nl, ar });
