// Words of one area of the page, in a file per language. They are loaded together with the views of that area, so that
// nobody waits for words of a page which is not open. The compiler refuses a missing word.

import { language, type Code } from './language.svelte';

/** The words of an area in the language of the moment: `const s = $derived(siteWords())`. */
export const area = <T>(dictionaries: Record<Code, T>) => (): T => dictionaries[language.code];
