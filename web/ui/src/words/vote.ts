// Words of assemblies and ballots.

import { area } from '../lib/area';
import { ar } from './vote.ar';
import { en } from './vote.en';
import { fr } from './vote.fr';
import { nl } from './vote.nl';

export const voteWords = area({ fr, en, nl, ar });
