// Words of what buildings tell each other of incidents.

import { area } from '../lib/area';
import { ar } from './incident.ar';
import { en } from './incident.en';
import { fr } from './incident.fr';
import { nl } from './incident.nl';

export const incidentWords = area({ fr, en, nl, ar });
