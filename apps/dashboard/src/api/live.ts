import type { BusEventRow } from '@growthos/contracts/http/events.ts';

/** What `/api/live` tells: an event of the bus, without its data. */
export type LiveEvent = Pick<BusEventRow, 'id' | 'type' | 'title' | 'at'> & { readonly contactId: string | null };

function readLive(text: string): LiveEvent | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return null;
    const { id, type, title, at, contactId } = value as Record<string, unknown>;
    if (typeof type !== 'string') return null;
    return {
      id: typeof id === 'string' ? id : '',
      type,
      title: typeof title === 'string' ? title : type,
      at: typeof at === 'string' ? at : '',
      contactId: typeof contactId === 'string' ? contactId : null,
    };
  } catch {
    return null;
  }
}

/**
 * Listens to what happens in the workspace. The browser reconnects by itself and says where it was. `onStale` is called
 * after a gap, when something may have been missed. Returns how to stop.
 */
export function listenLive(handlers: { onEvent: (event: LiveEvent) => void; onStale: () => void }): () => void {
  const source = new EventSource('/api/live');
  let wasLost = false;
  const onMessage = (message: MessageEvent<string>) => {
    const event = readLive(message.data);
    if (event !== null) handlers.onEvent(event);
  };
  source.addEventListener('message', onMessage);
  source.addEventListener('event', onMessage);
  source.addEventListener('error', () => {
    wasLost = true;
  });
  source.addEventListener('open', () => {
    if (wasLost) handlers.onStale();
    wasLost = false;
  });
  return () => source.close();
}
