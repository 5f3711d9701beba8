// Words of questions that several buildings decide together.

import { area } from '../lib/area';
import { ar } from './joint.ar';
import { en } from './joint.en';
import { fr } from './joint.fr';
import { nl } from './joint.nl';

export const jointWords = area({ fr, en, nl, ar });
