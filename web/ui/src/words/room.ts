// Words of the room: proxies, paper, who is there.

import { area } from '../lib/area';
import { ar } from './room.ar';
import { en } from './room.en';
import { fr } from './room.fr';
import { nl } from './room.nl';

export const roomWords = area({ fr, en, nl, ar });
