import type { Permission } from '@growthos/contracts/http/connections.ts';
import { BookOpenCheck, CircleCheck, CircleX, Eye, PencilLine } from 'lucide-react';

/** What is read and why, one line each; where it is known, whether Stripe granted it. */
export function PermissionList({ permissions }: { permissions: readonly Permission[] }) {
  return (
    <ul className="grid gap-x-6 sm:grid-cols-2">
      {permissions.map((one) => (
        <li key={one.slug} className="flex gap-2.5 border-b py-2.5">
          <State permission={one} />
          <div className="min-w-0">
            <p className="font-medium">
              {one.label}{' '}
              <span className="font-normal text-ink-3">
                {one.access === 'read' ? 'read' : 'only our own webhook endpoint'}
                {!one.isRequired && ', optional'}
                {one.isGranted === false && ', not granted'}
              </span>
            </p>
            <p className="text-[0.8125rem] text-ink-2">{one.reason}</p>
          </div>
        </li>
      ))}
    </ul>
  );
}

function State({ permission }: { permission: Permission }) {
  const className = 'mt-0.5 size-4 shrink-0';
  if (permission.isGranted === true) return <CircleCheck className={`${className} text-good`} aria-label="Granted" />;
  if (permission.isGranted === false) {
    const tone = permission.isRequired ? 'text-bad' : 'text-ink-3';
    return <CircleX className={`${className} ${tone}`} aria-label="Not granted" />;
  }
  const Icon = permission.access === 'read' ? Eye : PencilLine;
  return <Icon className={`${className} text-ink-3`} aria-hidden />;
}

/** The read-only promise, where somebody decides whether to trust us. */
export function ReadOnlyPromise({ promise }: { promise: string }) {
  return (
    <div className="flex gap-3 rounded-xl bg-accent-soft px-4 py-3 text-accent-ink">
      <BookOpenCheck className="mt-0.5 size-5 shrink-0" aria-hidden />
      <div>
        <p className="font-semibold">Read-only, and built so that it cannot be otherwise</p>
        <p className="mt-0.5">{promise}</p>
      </div>
    </div>
  );
}
