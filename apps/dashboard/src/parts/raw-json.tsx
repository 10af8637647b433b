import { CopyButton } from '../design/copy-button.tsx';

/** Data as it is stored, for those who want to see it. Scrolls inside its own box. */
export function RawJson({ value, label }: { value: unknown; label: string }) {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return (
    <div className="relative">
      <div className="absolute top-1 right-1 rounded-lg bg-surface">
        <CopyButton text={text} what={label} />
      </div>
      <section aria-label={label} tabIndex={0} className="max-h-96 overflow-auto rounded-lg border bg-sunken p-3 pr-12">
        <pre className="font-mono text-xs leading-relaxed whitespace-pre-wrap">{text}</pre>
      </section>
    </div>
  );
}
