/**
 * Every address of the dashboard and the page behind it. Pages are fetched when they are first needed, and begin to
 * load when the pointer or the focus rests on a link to them.
 */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet } from '@tanstack/react-router';
import type { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import { Toasts } from './design/toast.tsx';
import { NotFound } from './parts/not-found.tsx';
import { PageCrash } from './parts/page-crash.tsx';
import type { SegmentDraft } from './parts/segment/segment-form.tsx';
import { Shell } from './parts/shell.tsx';

const root = createRootRoute({
  component: () => (
    <>
      <Outlet />
      <Toasts />
    </>
  ),
  notFoundComponent: NotFound,
});

const app = createRoute({ getParentRoute: () => root, id: 'app', component: Shell });

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined;

/** Keeps the named keys of an address's query, as text; everything else is dropped. */
function keep<K extends string>(...keys: readonly K[]) {
  return (search: Record<string, unknown>): { [P in K]?: string | undefined } => {
    const kept: { [P in K]?: string | undefined } = {};
    for (const key of keys) {
      const value = text(search[key]);
      if (value !== undefined) kept[key] = value;
    }
    return kept;
  };
}

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: keep('goTo'),
  component: lazyRouteComponent(() => import('./pages/sign-in.tsx'), 'SignInPage'),
});
const invite = createRoute({
  getParentRoute: () => root,
  path: '/invite/$token',
  component: lazyRouteComponent(() => import('./pages/accept-invite.tsx'), 'AcceptInvitePage'),
});

const pages = [
  createRoute({
    getParentRoute: () => app,
    path: '/',
    component: lazyRouteComponent(() => import('./pages/overview.tsx'), 'OverviewPage'),
  }),
  createRoute({
    getParentRoute: () => app,
    path: '/connect',
    validateSearch: keep('connected', 'error'),
    component: lazyRouteComponent(() => import('./pages/connect.tsx'), 'ConnectPage'),
  }),
  createRoute({
    getParentRoute: () => app,
    path: '/contacts',
    validateSearch: keep('q', 'status', 'plan', 'tier', 'segmentId', 'companyId', 'sort'),
    component: lazyRouteComponent(() => import('./pages/contacts.tsx'), 'ContactsPage'),
  }),
  createRoute({
    getParentRoute: () => app,
    path: '/contacts/$contactId',
    component: lazyRouteComponent(() => import('./pages/contact.tsx'), 'ContactPage'),
  }),
  createRoute({
    getParentRoute: () => app,
    path: '/who-is-who',
    component: lazyRouteComponent(() => import('./pages/who-is-who.tsx'), 'WhoIsWhoPage'),
  }),
  createRoute({
    getParentRoute: () => app,
    path: '/segments',
    component: lazyRouteComponent(() => import('./pages/segments.tsx'), 'SegmentsPage'),
  }),
  createRoute({
    getParentRoute: () => app,
    path: '/segments/new',
    component: lazyRouteComponent(() => import('./pages/segment-new.tsx'), 'SegmentNewPage'),
  }),
  createRoute({
    getParentRoute: () => app,
    path: '/segments/$segmentId',
    component: lazyRouteComponent(() => import('./pages/segment.tsx'), 'SegmentPage'),
  }),
  createRoute({
    getParentRoute: () => app,
    path: '/segments/$segmentId/edit',
    component: lazyRouteComponent(() => import('./pages/segment-edit.tsx'), 'SegmentEditPage'),
  }),
  createRoute({
    getParentRoute: () => app,
    path: '/sequences',
    component: lazyRouteComponent(() => import('./pages/sequences.tsx'), 'SequencesPage'),
  }),
  createRoute({
    getParentRoute: () => app,
    path: '/sequences/new',
    validateSearch: keep('segmentId', 'segmentName'),
    component: lazyRouteComponent(() => import('./pages/sequence-new.tsx'), 'SequenceNewPage'),
  }),
  createRoute({
    getParentRoute: () => app,
    path: '/sequences/$sequenceId',
    validateSearch: keep('tab'),
    component: lazyRouteComponent(() => import('./pages/sequence.tsx'), 'SequencePage'),
  }),
  createRoute({
    getParentRoute: () => app,
    path: '/sequences/$sequenceId/edit',
    component: lazyRouteComponent(() => import('./pages/sequence-edit.tsx'), 'SequenceEditPage'),
  }),
  createRoute({
    getParentRoute: () => app,
    path: '/messages',
    validateSearch: keep('tab', 'status', 'channel', 'sequenceId', 'id'),
    component: lazyRouteComponent(() => import('./pages/messages.tsx'), 'MessagesPage'),
  }),
  createRoute({
    getParentRoute: () => app,
    path: '/inbox',
    validateSearch: keep('id'),
    component: lazyRouteComponent(() => import('./pages/inbox.tsx'), 'InboxPage'),
  }),
  createRoute({
    getParentRoute: () => app,
    path: '/events',
    validateSearch: keep('tab', 'source', 'type', 'status', 'q', 'seq', 'id'),
    component: lazyRouteComponent(() => import('./pages/events.tsx'), 'EventsPage'),
  }),
  createRoute({
    getParentRoute: () => app,
    path: '/channels',
    component: lazyRouteComponent(() => import('./pages/value-by-channel.tsx'), 'ValueByChannelPage'),
  }),
  createRoute({
    getParentRoute: () => app,
    path: '/settings',
    validateSearch: keep('tab'),
    component: lazyRouteComponent(() => import('./pages/settings.tsx'), 'SettingsPage'),
  }),
] as const;

const routeTree = root.addChildren([signIn, invite, app.addChildren(pages)]);

export const router = createRouter({
  routeTree,
  defaultPreload: 'intent',
  scrollRestoration: true,
  defaultErrorComponent: PageCrash,
  defaultNotFoundComponent: NotFound,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
  /** What one page hands to the next beside the address; it outlives a reload, not a new tab. */
  interface HistoryState {
    segmentDraft?: SegmentDraft;
    sequenceDraft?: SequenceDefinition;
  }
}
