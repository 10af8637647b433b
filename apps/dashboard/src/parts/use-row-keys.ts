import { type RefObject, useEffect } from 'react';
import { isTyping } from './use-search-key.ts';

/**
 * `j` and `k` walk through the rows of a list (elements marked with `data-row`, each focusable or holding a link);
 * Enter follows the focused link as everywhere. Where rows expand, `e` presses the row's `data-expand` button.
 */
export function useRowKeys(list: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || list.current === null) return;
      if (document.querySelector('dialog[open]') !== null) return;
      const rows = [...list.current.querySelectorAll<HTMLElement>('[data-row]')];
      const at = rows.findIndex((row) => row.contains(document.activeElement));
      if (event.key === 'e' && at >= 0) {
        rows[at]?.querySelector<HTMLElement>('[data-expand]')?.click();
        return;
      }
      if (event.key !== 'j' && event.key !== 'k') return;
      const next = rows[Math.min(rows.length - 1, Math.max(0, event.key === 'j' ? at + 1 : at - 1))];
      if (next === undefined) return;
      event.preventDefault();
      (next.matches('a, button, [tabindex]') ? next : next.querySelector<HTMLElement>('a, button'))?.focus();
      next.scrollIntoView({ block: 'nearest' });
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [list]);
}
