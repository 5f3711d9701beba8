// Money and prices of energy as people read them. The node tells whole micro-EUR; nothing is summed here.

import { language } from './language.svelte';

/** Kept together and in order within a line of any direction. */
const apart = (text: string) => `\u2066${text}\u2069`;

/** An amount in micro-EUR; small ones with more decimals, so that a slot's cents are seen. */
export function euro(micro: number): string {
  // No amount is "-0".
  const value = micro / 1e6 + 0;
  const digits = value !== 0 && Math.abs(value) < 1 ? 4 : 2;
  return apart(value.toLocaleString(language.tag, { style: 'currency', currency: 'EUR', minimumFractionDigits: 2, maximumFractionDigits: digits }));
}

/** Whole cents. */
export const cents = (count: number) => apart((count / 100).toLocaleString(language.tag, { style: 'currency', currency: 'EUR' }));

/** A price in micro-EUR per kWh. */
export const perKwh = (price: number) => apart(`${(price / 1e6).toLocaleString(language.tag, { style: 'currency', currency: 'EUR', minimumFractionDigits: 2, maximumFractionDigits: 4 })}/kWh`);

/** What somebody typed in EUR per kWh, in micro-EUR; nothing typed is no limit. */
export const priceOf = (typed: number | null | undefined) => (typed == null || Number.isNaN(typed) ? null : Math.round(typed * 1e6));

/** The same back, for a field. */
export const typedOf = (price: number | null | undefined) => (price == null ? null : price / 1e6);

/** The mean price of an amount of energy; none without energy. */
export const meanPrice = ({ energy_wh, amount }: { energy_wh: number; amount: number }) => (energy_wh === 0 ? null : Math.round((amount * 1000) / energy_wh));
