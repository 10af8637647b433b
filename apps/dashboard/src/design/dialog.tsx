import { X } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { IconButton } from './button.tsx';
import { cn } from './cn.ts';

interface DialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: ReactNode;
  readonly says?: ReactNode;
  readonly children: ReactNode;
  readonly footer?: ReactNode;
  readonly size?: 'sm' | 'md' | 'lg';
  /** `side` is a sheet at the right edge, for reading beside the page. */
  readonly place?: 'center' | 'side';
}

const WIDTH = { sm: 'w-md', md: 'w-xl', lg: 'w-3xl' } as const;

/** A sheet is for reading: where nothing in it takes the focus, the arrow keys still have to scroll it. */
const scrollByKeys = (titleId: string) => ({ role: 'region', 'aria-labelledby': titleId, tabIndex: 0 });

/**
 * A modal window on the browser's own `<dialog>`: focus goes in and stays in, Escape closes, focus returns to where it
 * was, and nothing has to be injected into the page.
 */
export function Dialog({ open, onClose, title, says, children, footer, size = 'md', place = 'center' }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (dialog === null) return;
    if (open && !dialog.open) dialog.showModal();
    if (!open && dialog.open) dialog.close();
  }, [open]);
  return (
    <dialog
      ref={ref}
      aria-labelledby={titleId}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === event.currentTarget) event.currentTarget.close();
      }}
      className={cn(
        'max-w-[calc(100vw-1.5rem)] overflow-hidden bg-surface p-0 shadow-raised',
        WIDTH[size],
        place === 'center'
          ? 'm-auto max-h-[calc(100dvh-2rem)] rounded-2xl'
          : 'my-0 mr-0 ml-auto h-dvh max-h-none rounded-l-2xl',
      )}
    >
      {open && (
        <div className={cn('flex flex-col', place === 'side' ? 'h-dvh' : 'max-h-[calc(100dvh-2rem)]')}>
          <header className="flex items-start justify-between gap-3 px-5 pt-4 pb-3">
            <div className="min-w-0">
              <h2 id={titleId} className="text-base font-semibold">
                {title}
              </h2>
              {says !== undefined && <p className="mt-1 text-ink-2">{says}</p>}
            </div>
            <IconButton label="Close" size="iconSm" onClick={() => ref.current?.close()}>
              <X aria-hidden />
            </IconButton>
          </header>
          <div
            className="min-h-0 flex-1 overflow-y-auto px-5 pb-5"
            {...(place === 'side' ? scrollByKeys(titleId) : {})}
          >
            {children}
          </div>
          {footer !== undefined && (
            <footer className="flex flex-wrap justify-end gap-2 border-t bg-surface px-5 py-3">{footer}</footer>
          )}
        </div>
      )}
    </dialog>
  );
}
