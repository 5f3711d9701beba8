// Light or dark: what the system says, unless somebody chose.

export type Choice = 'auto' | 'light' | 'dark';

const KEY = 'symbiose.theme';
const system = matchMedia('(prefers-color-scheme: dark)');

class Theme {
  choice = $state<Choice>((localStorage.getItem(KEY) as Choice | null) ?? 'auto');
  #dark = $state(system.matches);
  readonly shown = $derived<'light' | 'dark'>(this.choice === 'auto' ? (this.#dark ? 'dark' : 'light') : this.choice);

  constructor() {
    system.addEventListener('change', (event) => (this.#dark = event.matches));
  }

  choose(choice: Choice) {
    this.choice = choice;
    localStorage.setItem(KEY, choice);
  }
}

export const theme = new Theme();
