// Words of getting in: the door, people and their sessions.

import { area } from '../lib/area';
import { ar } from './door.ar';
import { en } from './door.en';
import { fr } from './door.fr';
import { nl } from './door.nl';

export const doorWords = area({ fr, en, nl, ar });
