// Words of the daily pages: sites, curves, alerts and work orders.

import { area } from '../lib/area';
import { ar } from './site.ar';
import { en } from './site.en';
import { fr } from './site.fr';
import { nl } from './site.nl';

export const siteWords = area({ fr, en, nl, ar });
