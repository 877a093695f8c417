/** @file Light or dark: as the reader's system says, or as they choose here. */
import { signal } from '@preact/signals';

/** What is chosen. */
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'ganscope-theme';
const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

/** The chosen theme. */
export const theme = signal<Theme>(stored());
shown();

/** Goes to the next theme. */
export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system';
  try {
    localStorage.setItem(KEY, theme.value);
  } catch {
    // Without storage the choice holds until the page is closed.
  }
  shown();
}

function stored(): Theme {
  try {
    return THEMES.find((name) => name === localStorage.getItem(KEY)) ?? 'system';
  } catch {
    return 'system';
  }
}

function shown(): void {
  const { dataset } = document.documentElement;
  if (theme.value === 'system') delete dataset['theme'];
  else dataset['theme'] = theme.value;
}
