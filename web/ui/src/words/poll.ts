// Words of polls, which decide nothing.

import { area } from '../lib/area';
import { ar } from './poll.ar';
import { en } from './poll.en';
import { fr } from './poll.fr';
import { nl } from './poll.nl';

export const pollWords = area({ fr, en, nl, ar });
