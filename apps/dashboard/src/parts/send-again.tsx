import type { MessageRow } from '@growthos/contracts/http/messages.ts';
import { RotateCcw } from 'lucide-react';
import { useState } from 'react';
import { useSendAgain } from '../api/messages.ts';
import { useMayEdit } from '../api/session.ts';
import { Button } from '../design/button.tsx';
import { Confirm } from '../design/confirm.tsx';
import { toast } from '../design/toast.tsx';
import { plainWords } from './plain-words.ts';

type Sendable = Pick<MessageRow, 'id' | 'status' | 'title' | 'canSendAgain'>;

/** Sends a message once more that failed or may not have arrived; asks first, because it may then arrive twice. */
export function SendAgain({ message }: { message: Sendable }) {
  const [isAsking, setAsking] = useState(false);
  const again = useSendAgain();
  const mayEdit = useMayEdit();
  if (!mayEdit || !message.canSendAgain) return null;
  const title = plainWords(message.title);
  const close = () => {
    setAsking(false);
    again.reset();
  };
  const confirm = () =>
    again.mutate(message.id, {
      onSuccess: () => {
        close();
        toast(`“${title}” is on its way again.`);
      },
    });
  return (
    <>
      <Button size="sm" aria-label={`Send again: ${title}`} onClick={() => setAsking(true)}>
        <RotateCcw aria-hidden /> Send again
      </Button>
      <Confirm
        open={isAsking}
        onClose={close}
        title={`Send “${title}” again?`}
        action="Send again"
        busy={again.isPending}
        error={again.error?.message}
        onConfirm={confirm}
      >
        {message.status === 'uncertain' ? (
          <>
            <p>
              The connection to the mail server broke just after this mail was handed over. It may have arrived, or it
              may not: nobody can tell from here.
            </p>
            <p className="mt-2 font-medium text-ink">If you send it again, they may get it twice.</p>
            <p className="mt-2">
              To be sure, look for <code className="font-mono text-xs break-all">{message.id}</code> in the mail
              server’s log first: if it is there, the mail was taken.
            </p>
          </>
        ) : (
          <p>It did not go out. It is tried once more now.</p>
        )}
        <p className="mt-2">
          It is checked again before it goes: whoever has unsubscribed, paid or reached the goal meanwhile gets nothing.
        </p>
      </Confirm>
    </>
  );
}
