/** What `/api/live` tells: that something happened, and to whom; nothing of the event itself. */
export interface LiveEvent {
  readonly id: string;
  readonly type: string;
  readonly contactId: string | null;
}

function readLive(text: string): LiveEvent | null {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string') return null;
  return {
    id: 'id' in value && typeof value.id === 'string' ? value.id : '',
    type: value.type,
    contactId: 'contactId' in value && typeof value.contactId === 'string' ? value.contactId : null,
  };
}

/**
 * Listens to what happens in the workspace. The browser reconnects by itself; nothing is told later, so `onStale` is
 * called after a gap and everything has to be asked again. Returns how to stop.
 */
export function listenLive(handlers: { onEvent: (event: LiveEvent) => void; onStale: () => void }): () => void {
  const source = new EventSource('/api/live');
  let wasLost = false;
  source.addEventListener('message', (message: MessageEvent<string>) => {
    const event = readLive(message.data);
    if (event !== null) handlers.onEvent(event);
  });
  source.addEventListener('error', () => {
    wasLost = true;
  });
  source.addEventListener('open', () => {
    if (wasLost) handlers.onStale();
    wasLost = false;
  });
  return () => source.close();
}
