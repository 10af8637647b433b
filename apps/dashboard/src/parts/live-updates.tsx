import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from 'react';
import { type LiveEvent, listenLive } from '../api/live.ts';

type Listener = (event: LiveEvent) => void;
const Live = createContext<{ add: (listener: Listener) => () => void } | null>(null);

/** Answers that any event may change; asked again at most once in this time. */
const REFRESH_MS = 1000;
const FOLLOW = [
  'overview',
  'segments',
  'segment',
  'sequences',
  'sequence',
  'messages',
  'planned',
  'captured',
  'who-is-who',
];

/** One stream for the whole dashboard: open pages follow it, and answers in view are asked again when they may have changed. */
export function LiveUpdates({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const listeners = useRef(new Set<Listener>());
  const [api] = useState(() => ({
    add: (listener: Listener) => {
      listeners.current.add(listener);
      return () => {
        listeners.current.delete(listener);
      };
    },
  }));
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const contacts = new Set<string>();
    const refresh = () => {
      timer = null;
      for (const key of FOLLOW) void client.invalidateQueries({ queryKey: [key] });
      for (const id of contacts) void client.invalidateQueries({ queryKey: ['contact', id] });
      contacts.clear();
    };
    const stop = listenLive({
      onEvent: (event) => {
        if (event.contactId !== null) contacts.add(event.contactId);
        timer ??= setTimeout(refresh, REFRESH_MS);
        for (const listener of listeners.current) listener(event);
      },
      onStale: () => void client.invalidateQueries(),
    });
    return () => {
      stop();
      if (timer !== null) clearTimeout(timer);
    };
  }, [client]);
  return <Live value={api}>{children}</Live>;
}

/** Calls `listener` for each event while the caller is on the page. */
export function useLive(listener: Listener): void {
  const live = useContext(Live);
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => live?.add((event) => latest.current(event)), [live]);
}
