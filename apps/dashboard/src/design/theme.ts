import { useSyncExternalStore } from 'react';

/** Set before the first paint by `public/theme.js`; changed here. */
export type Theme = 'light' | 'dark';
const KEY = 'growthos.theme';
const listeners = new Set<() => void>();

const current = (): Theme => (document.documentElement.dataset['theme'] === 'dark' ? 'dark' : 'light');

function show(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme;
  for (const listener of listeners) listener();
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // Storage can be forbidden; then the system's choice stands.
  }
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', (event) => {
  if (stored() === null) show(event.matches ? 'dark' : 'light');
});

export function useTheme(): { theme: Theme; toggle: () => void } {
  const theme = useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, current);
  const toggle = () => {
    const next = theme === 'dark' ? 'light' : 'dark';
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // Forbidden storage: the choice lasts until the page is loaded again.
    }
    show(next);
  };
  return { theme, toggle };
}
