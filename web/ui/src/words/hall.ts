// Words of metrics, meters, invitations and the hive's decisions.

import { area } from '../lib/area';
import { ar } from './hall.ar';
import { en } from './hall.en';
import { fr } from './hall.fr';
import { nl } from './hall.nl';

export const hallWords = area({ fr, en, nl, ar });
