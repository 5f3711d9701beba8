// Words of what buildings ask each other under their own name.

import { area } from '../lib/area';
import { ar } from './enquiry.ar';
import { en } from './enquiry.en';
import { fr } from './enquiry.fr';
import { nl } from './enquiry.nl';

export const enquiryWords = area({ fr, en, nl, ar });
