import { type ReactNode, useEffect } from 'react';

/** The frame of the pages before signing in. */
export function FrontDoor({ title, children }: { title: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · GrowthOS`;
  }, [title]);
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center px-4 py-10">
      <div className="w-full max-w-sm">
        <div className="mb-6 flex items-center gap-2 text-lg font-semibold tracking-tight">
          <img src="/favicon.svg" alt="" width={28} height={28} />
          GrowthOS
        </div>
        <div className="rounded-2xl border bg-surface p-6">
          <h1 className="mb-4 text-lg font-semibold tracking-tight">{title}</h1>
          {children}
        </div>
        <p className="mt-4 text-center text-[0.8125rem] text-ink-3">
          Billing and product activity of your customers, in one place you can act on.
        </p>
      </div>
    </main>
  );
}
