// Words of how the node is doing and what it keeps.

import { area } from '../lib/area';
import { ar } from './health.ar';
import { en } from './health.en';
import { fr } from './health.fr';
import { nl } from './health.nl';

export const healthWords = area({ fr, en, nl, ar });
