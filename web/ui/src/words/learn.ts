// Words of comparing with similar buildings, and of what leaves this one.

import { area } from '../lib/area';
import { ar } from './learn.ar';
import { en } from './learn.en';
import { fr } from './learn.fr';
import { nl } from './learn.nl';

export const learnWords = area({ fr, en, nl, ar });
