import { PartyPopper, X } from 'lucide-react';

interface Nudge {
  readonly style: string;
  readonly title: string;
  readonly body: string;
  readonly cta: { readonly label: string } | null;
  readonly canSnooze: boolean;
}

function readNudge(value: unknown): Nudge | null {
  if (typeof value !== 'object' || value === null) return null;
  const { style, title, body, cta, canSnooze } = value as Record<string, unknown>;
  if (typeof title !== 'string') return null;
  const label =
    typeof cta === 'object' && cta !== null && 'label' in cta && typeof cta.label === 'string' ? cta.label : null;
  return {
    style: typeof style === 'string' ? style : 'card',
    title,
    body: typeof body === 'string' ? body : '',
    cta: label === null ? null : { label },
    canSnooze: canSnooze === true,
  };
}

/** A drawing of what appears in the app; the real one is drawn by the browser snippet there. */
export function InAppPreview({ payload }: { payload: unknown }) {
  const nudge = readNudge(payload);
  if (nudge === null) return null;
  return (
    <div className="rounded-lg border bg-sunken p-4">
      <div className="rounded-xl border bg-surface p-4 shadow-raised">
        <div className="flex items-start justify-between gap-3">
          <p className="flex gap-2 font-semibold">
            {nudge.style === 'confetti' && <PartyPopper className="size-5 shrink-0 text-accent-ink" aria-hidden />}
            {nudge.title}
          </p>
          <X className="size-4 shrink-0 text-ink-3" aria-hidden />
        </div>
        {nudge.body !== '' && <p className="mt-1 text-ink-2">{nudge.body}</p>}
        <div className="mt-3 flex flex-wrap gap-3">
          {nudge.cta !== null && (
            <span className="rounded-lg bg-accent px-3 py-1.5 font-medium text-on-accent">{nudge.cta.label}</span>
          )}
          {nudge.canSnooze && <span className="px-1 py-1.5 font-medium text-ink-2">Remind me later</span>}
        </div>
      </div>
    </div>
  );
}
