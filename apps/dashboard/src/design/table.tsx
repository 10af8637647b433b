import type { ComponentProps, ReactNode } from 'react';
import { cn } from './cn.ts';

interface TableProps {
  /** Read out as the table's name. */
  readonly caption: string;
  readonly head: ReactNode;
  readonly children: ReactNode;
  readonly className?: string;
}

/** A plain table. On a narrow screen it scrolls inside its own box, so the page never does. */
export function Table({ caption, head, children, className }: TableProps) {
  return (
    <section aria-label={caption} tabIndex={0} className="relative overflow-x-auto">
      <table className={cn('w-full border-collapse text-left', className)}>
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr className="border-b">{head}</tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

export function Th({ className, ...rest }: ComponentProps<'th'>) {
  return (
    <th
      scope="col"
      className={cn('px-3 py-2 text-xs font-medium whitespace-nowrap text-ink-3 first:pl-4 last:pr-4', className)}
      {...rest}
    />
  );
}

export function Td({ className, ...rest }: ComponentProps<'td'>) {
  return (
    <td
      className={cn('border-b px-3 py-2.5 align-top first:pl-4 last:pr-4 [tr:last-child>&]:border-b-0', className)}
      {...rest}
    />
  );
}
