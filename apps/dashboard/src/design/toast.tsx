import { CircleAlert, CircleCheck } from 'lucide-react';
import { useSyncExternalStore } from 'react';

interface ToastMessage {
  readonly id: number;
  readonly tone: 'good' | 'bad';
  readonly text: string;
}

const SHOWN_MS = 6000;
let messages: readonly ToastMessage[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function replace(next: readonly ToastMessage[]): void {
  messages = next;
  for (const listener of listeners) listener();
}

/** Says briefly that something worked, or did not. Never the only place where an error stands. */
export function toast(text: string, tone: ToastMessage['tone'] = 'good'): void {
  const id = nextId++;
  replace([...messages, { id, tone, text }]);
  setTimeout(() => replace(messages.filter((message) => message.id !== id)), SHOWN_MS);
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export function Toasts() {
  const shown = useSyncExternalStore(subscribe, () => messages);
  return (
    <div
      role="status"
      aria-live="polite"
      className="pointer-events-none fixed inset-x-3 bottom-3 z-50 flex flex-col items-center gap-2"
    >
      {shown.map((message) => (
        <div
          key={message.id}
          className="flex max-w-full items-center gap-2 rounded-xl border bg-surface px-4 py-2.5 shadow-raised"
        >
          {message.tone === 'good' ? (
            <CircleCheck className="size-4.5 shrink-0 text-good" aria-hidden />
          ) : (
            <CircleAlert className="size-4.5 shrink-0 text-bad" aria-hidden />
          )}
          <span className="min-w-0">{message.text}</span>
        </div>
      ))}
    </div>
  );
}
