import type { ComponentProps, ReactNode } from 'react';
import { cn } from './cn.ts';

interface TableProps {
  /** Read out as the table's name. */
  readonly caption: string;
  readonly head: ReactNode;
  readonly children: ReactNode;
}

/**
 * A plain table. On a phone each row stands as a block of its own with its labels beside the values, so that nothing is
 * cut; the roles are written out because a changed `display` takes them away.
 */
export function Table({ caption, head, children }: TableProps) {
  return (
    <div className="relative overflow-x-auto">
      <table role="table" aria-label={caption} className="w-full border-collapse text-left max-sm:block">
        <thead role="rowgroup" className="max-sm:sr-only">
          <tr role="row" className="border-b">
            {head}
          </tr>
        </thead>
        <tbody role="rowgroup" className="max-sm:block">
          {children}
        </tbody>
      </table>
    </div>
  );
}

export function Tr({ className, ...rest }: ComponentProps<'tr'>) {
  return (
    <tr
      role="row"
      className={cn('border-b last:border-b-0 hover:bg-sunken max-sm:block max-sm:px-4 max-sm:py-2.5', className)}
      {...rest}
    />
  );
}

export function Th({ className, ...rest }: ComponentProps<'th'>) {
  return (
    <th
      role="columnheader"
      scope="col"
      className={cn('px-3 py-2 text-xs font-medium whitespace-nowrap text-ink-3 first:pl-4 last:pr-4', className)}
      {...rest}
    />
  );
}

interface TdProps extends ComponentProps<'td'> {
  /** The column's name, shown beside the value on a phone. Without it the value has the line to itself. */
  readonly label?: string;
}

export function Td({ label, className, children, ...rest }: TdProps) {
  return (
    <td
      role="cell"
      className={cn(
        'px-3 py-2.5 align-top first:pl-4 last:pr-4 max-sm:px-0 max-sm:py-0.5 max-sm:first:pl-0 max-sm:last:pr-0',
        label === undefined ? 'max-sm:block' : 'max-sm:flex max-sm:justify-between max-sm:gap-4 max-sm:text-right',
        className,
      )}
      {...rest}
    >
      {label !== undefined && (
        <span aria-hidden className="shrink-0 text-[0.8125rem] text-ink-3 sm:hidden">
          {label}
        </span>
      )}
      {label === undefined ? children : <span className="min-w-0">{children}</span>}
    </td>
  );
}
