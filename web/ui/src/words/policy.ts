// Words of the rules and their editor.

import { area } from '../lib/area';
import { ar } from './policy.ar';
import { en } from './policy.en';
import { fr } from './policy.fr';
import { nl } from './policy.nl';

export const policyWords = area({ fr, en, nl, ar });
