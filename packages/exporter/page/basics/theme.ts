import { button } from './dom.ts';

const KEY = 'heapray-theme';

/** Event of the document after its colours have changed. */
export const THEME_CHANGED = 'heapray-theme-changed';

/** Returns the button that switches between light and dark, and applies what was chosen before. */
export function themeButton(): HTMLElement {
  const root = document.documentElement;
  const saved = stored();
  if (saved === 'dark' || saved === 'light') root.dataset.theme = saved;
  const isDark = (): boolean => {
    const theme = root.dataset.theme;
    return theme === undefined ? matchMedia('(prefers-color-scheme: dark)').matches : theme === 'dark';
  };
  const text = (): string => (isDark() ? 'Light' : 'Dark');
  const made = button(
    text(),
    () => {
      root.dataset.theme = isDark() ? 'light' : 'dark';
      made.textContent = text();
      store(root.dataset.theme);
      document.dispatchEvent(new Event(THEME_CHANGED));
    },
    { class: 'theme', title: 'Switch between light and dark' },
  );
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    made.textContent = text();
    document.dispatchEvent(new Event(THEME_CHANGED));
  });
  return made;
}

/** Returns the stored choice; storage may be forbidden, above all for files. */
function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function store(theme: string): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // The choice lasts as long as the page.
  }
}
