// Words of registry, keys and assemblies.

import { area } from '../lib/area';
import { ar } from './assembly.ar';
import { en } from './assembly.en';
import { fr } from './assembly.fr';
import { nl } from './assembly.nl';

export const assemblyWords = area({ fr, en, nl, ar });
