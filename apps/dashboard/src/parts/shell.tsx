import { Navigate, Outlet, useRouterState } from '@tanstack/react-router';
import { Menu as MenuIcon, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useSession } from '../api/session.ts';
import { IconButton } from '../design/button.tsx';
import { Skeleton } from '../design/skeleton.tsx';
import { AnswerError } from './answer-error.tsx';
import { LiveUpdates } from './live-updates.tsx';
import { Logo } from './logo.tsx';
import { Navigation } from './navigation.tsx';
import { SampleBanner } from './sample-banner.tsx';
import { SessionBar } from './session-bar.tsx';
import { useSearchKey } from './use-search-key.ts';

/** Everything around a page: who is signed in, the way to the other pages, and what comes in live. */
export function Shell() {
  const session = useSession();
  useSearchKey();
  if (session.isPending) return <ShellSkeleton />;
  if (session.error !== null && session.data === undefined) {
    return (
      <div className="mx-auto max-w-xl p-6">
        <AnswerError error={session.error} onRetry={session.refetch} />
      </div>
    );
  }
  if (session.data === null || session.data === undefined) return <ToSignIn />;
  return (
    <LiveUpdates>
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-lg focus:bg-surface focus:px-4 focus:py-2 focus:shadow-raised"
      >
        Skip to the content
      </a>
      <div className="lg:grid lg:grid-cols-[15rem_minmax(0,1fr)]">
        <aside className="sticky top-0 hidden h-dvh flex-col overflow-y-auto border-r bg-surface lg:flex">
          <div className="px-4 pt-4 pb-2">
            <Logo />
          </div>
          <SideContent session={session.data} />
        </aside>
        <TopBar session={session.data} />
        <main id="main" tabIndex={-1} className="min-w-0 outline-none">
          {session.data.isDemo && <SampleBanner />}
          <Outlet />
        </main>
      </div>
    </LiveUpdates>
  );
}

/** Where to come back to is read once: the address changes while this is still on the page. */
function ToSignIn() {
  const [cameFrom] = useState(() => `${window.location.pathname}${window.location.search}`);
  return <Navigate to="/sign-in" search={{ goTo: cameFrom }} replace />;
}

type SignedIn = NonNullable<ReturnType<typeof useSession>['data']>;

function SideContent({ session }: { session: SignedIn }) {
  return (
    <>
      <Navigation />
      <SessionBar session={session} />
    </>
  );
}

/** On a narrow screen the way to the pages is behind one button. */
function TopBar({ session }: { session: SignedIn }) {
  const drawer = useRef<HTMLDialogElement>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => drawer.current?.close(), [path]);
  return (
    <header className="sticky top-0 z-30 flex items-center justify-between border-b bg-surface px-3 py-1.5 lg:hidden">
      <Logo />
      <IconButton label="Open the menu" onClick={() => drawer.current?.showModal()}>
        <MenuIcon aria-hidden />
      </IconButton>
      <dialog
        ref={drawer}
        aria-label="Menu"
        className="m-0 mr-auto h-dvh max-h-none w-72 max-w-[85vw] bg-surface p-0 shadow-raised"
        onClick={(event) => {
          if (event.target === event.currentTarget) event.currentTarget.close();
        }}
      >
        <div className="flex min-h-dvh flex-col">
          <div className="flex items-center justify-between px-4 pt-2">
            <Logo />
            <IconButton label="Close the menu" onClick={() => drawer.current?.close()}>
              <X aria-hidden />
            </IconButton>
          </div>
          <SideContent session={session} />
        </div>
      </dialog>
    </header>
  );
}

function ShellSkeleton() {
  return (
    <div role="status" className="lg:grid lg:grid-cols-[15rem_minmax(0,1fr)]">
      <span className="sr-only">Loading</span>
      <div className="hidden h-dvh border-r bg-surface lg:block" />
      <div className="mx-auto w-full max-w-6xl space-y-4 px-4 py-7 sm:px-8">
        <Skeleton className="h-7 w-52" />
        <Skeleton className="h-40" />
        <Skeleton className="h-64" />
      </div>
    </div>
  );
}
