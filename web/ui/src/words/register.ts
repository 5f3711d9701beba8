// Words of changing the registry on the page.

import { area } from '../lib/area';
import { ar } from './register.ar';
import { en } from './register.en';
import { fr } from './register.fr';
import { nl } from './register.nl';

export const registerWords = area({ fr, en, nl, ar });
