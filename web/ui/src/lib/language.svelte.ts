// The language of the page: words, numbers and times. One dictionary per language; the compiler refuses a missing word.

import { ar } from '../words/ar';
import { en } from '../words/en';
import { fr, type Words } from '../words/fr';
import { nl } from '../words/nl';

const dictionaries = { fr, en, nl, ar } satisfies Record<string, Words>;

export type Code = keyof typeof dictionaries;
export const codes = Object.keys(dictionaries) as Code[];

const KEY = 'symbiose.language';

function remembered(): Code {
  const wanted = [localStorage.getItem(KEY) ?? '', ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return (wanted.find((code) => codes.includes(code as Code)) as Code | undefined) ?? 'fr';
}

class Language {
  code = $state<Code>(remembered());
  readonly words = $derived<Words>(dictionaries[this.code]);
  readonly dir = $derived(this.code === 'ar' ? 'rtl' : 'ltr');
  // Western digits everywhere: they match the meters and the ledger.
  readonly tag = $derived(this.code === 'ar' ? 'ar-u-nu-latn' : this.code);
  readonly #numbers = $derived(new Intl.NumberFormat(this.tag, { maximumFractionDigits: 2 }));
  readonly #tenths = $derived(new Intl.NumberFormat(this.tag, { maximumFractionDigits: 1 }));
  readonly #wholes = $derived(new Intl.NumberFormat(this.tag, { maximumFractionDigits: 0 }));
  readonly #bytes = $derived(new Intl.NumberFormat(this.tag, { style: 'unit', unit: 'byte', unitDisplay: 'long' }));
  readonly #moments = $derived(new Intl.DateTimeFormat(this.tag, { dateStyle: 'medium', timeStyle: 'medium' }));
  readonly #dates = $derived(new Intl.DateTimeFormat(this.tag, { dateStyle: 'medium' }));
  readonly #briefs = $derived(
    new Intl.DateTimeFormat(this.tag, { day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' }),
  );
  readonly #clocks = $derived(new Intl.DateTimeFormat(this.tag, { hour: 'numeric', minute: '2-digit' }));
  readonly #days = $derived(new Intl.DateTimeFormat(this.tag, { day: '2-digit', month: 'short' }));
  readonly #relative = $derived(new Intl.RelativeTimeFormat(this.tag, { numeric: 'auto', style: 'short' }));

  choose(code: Code) {
    this.code = code;
    localStorage.setItem(KEY, code);
  }

  nameOf(code: Code): string {
    return dictionaries[code].languageName;
  }

  /** A name with its colon, which French keeps apart. */
  colon(label: string): string {
    return this.code === 'fr' ? `${label}\u00a0:` : `${label}:`;
  }

  number(value: number): string {
    return this.#numbers.format(value);
  }

  /** On an axis whose lines lie `step` apart: as many decimals as tell them apart. */
  onAxis(value: number, step: number): string {
    let digits = 0;
    for (let whole = step; digits < 6 && Math.abs(whole - Math.round(whole)) > 1e-6 * whole; whole = step * 10 ** digits) digits += 1;
    return value.toLocaleString(this.tag, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  }

  bytes(size: number): string {
    return this.#bytes.format(size);
  }

  kilobytes(size: number): string {
    return (size / 1000).toLocaleString(this.tag, { style: 'unit', unit: 'kilobyte', maximumFractionDigits: 0 });
  }

  /** For reading at a glance: about four digits. */
  figure(value: number): string {
    const size = Math.abs(value);
    return (size >= 1000 ? this.#wholes : size >= 100 ? this.#tenths : this.#numbers).format(value);
  }

  /** A day with its year. */
  date(ms: number): string {
    return this.#dates.format(ms);
  }

  moment(ms: number): string {
    return this.#moments.format(ms);
  }

  /** For an axis: the time of day, or the day at midnight. */
  tick(ms: number): string {
    const date = new Date(ms);
    const midnight = date.getHours() === 0 && date.getMinutes() === 0;
    return midnight ? this.#days.format(date) : this.#clocks.format(date);
  }

  /** "November 2026" of `2026-11`. */
  month(id: string): string {
    return new Date(`${id}-15T12:00:00Z`).toLocaleDateString(this.tag, { month: 'long', year: 'numeric' });
  }

  ago(ms: number, now: number): string {
    const s = Math.min(0, Math.round((ms - now) / 1000));
    if (s > -60) return this.#relative.format(s, 'second');
    if (s > -3600) return this.#relative.format(Math.round(s / 60), 'minute');
    if (s > -86400) return this.#relative.format(Math.round(s / 3600), 'hour');
    return this.#relative.format(Math.round(s / 86400), 'day');
  }

  /** How long something lasts: "15 min", "1.5 h". */
  duration(seconds: number): string {
    const [value, unit] =
      seconds < 60 ? [seconds, 'second'] : seconds < 3600 ? [seconds / 60, 'minute'] : seconds < 86_400 ? [seconds / 3600, 'hour'] : [seconds / 86_400, 'day'];
    return value.toLocaleString(this.tag, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 1 });
  }

  /** About how long something still takes, in whole minutes, hours or days: "2 hours". Never less than a minute. */
  lasting(seconds: number): string {
    const [value, unit] = seconds < 5_400 ? [seconds / 60, 'minute'] : seconds < 129_600 ? [seconds / 3600, 'hour'] : [seconds / 86_400, 'day'];
    return Math.max(1, Math.round(value)).toLocaleString(this.tag, { style: 'unit', unit, unitDisplay: 'long' });
  }

  /** The day and the time, short enough for a table. */
  brief(ms: number): string {
    return this.#briefs.format(ms);
  }

  /** A part of a whole to the hundredth of a per cent. */
  share(part: number): string {
    return part.toLocaleString(this.tag, { style: 'percent', maximumFractionDigits: 2 });
  }

  percent(part: number): string {
    return part.toLocaleString(this.tag, { style: 'percent', maximumFractionDigits: 0 });
  }

  /** A metric in the middle of a sentence. */
  metricInside(name: string): string {
    const shown = this.metric(name);
    return shown.charAt(0).toLocaleLowerCase(this.tag) + shown.slice(1);
  }

  metric(name: string): string {
    return this.words.metric[name] ?? name.replaceAll('_', ' ');
  }
}

export const language = new Language();
