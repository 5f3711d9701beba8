// Thresholds as lines with words.

import { figure } from './tell';
import type { Line, Tone } from './draw';
import type { Limit } from './rules';
import type { SiteWords } from '../words/site.fr';

const tones = { high: 'alert', medium: 'watch', low: 'low' } as const satisfies Record<string, Tone>;

export const linesFor = (limits: Limit[], words: SiteWords): Line[] =>
  limits.map(({ value, unit, severity, clears }) => ({
    value,
    text: `${clears ? words.clears : words.threshold.toLowerCase()} ${figure(value, unit)}`,
    tone: clears ? 'ok' : tones[severity],
    faint: clears,
  }));
