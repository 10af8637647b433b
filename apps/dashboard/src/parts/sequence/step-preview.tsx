import type { PreviewResult } from '@growthos/contracts/http/sequences.ts';
import type { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import { CircleAlert, CircleCheck, Send, UserRound } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useStepPreview, useTestSend } from '../../api/sequences.ts';
import { useSession } from '../../api/session.ts';
import { Button } from '../../design/button.tsx';
import { SectionCard } from '../../design/card.tsx';
import { Input } from '../../design/field.tsx';
import { Notice } from '../../design/notice.tsx';
import { toast } from '../../design/toast.tsx';
import { AnswerError } from '../answer-error.tsx';
import { ContactPicker } from '../contact-picker.tsx';
import { MailFrame } from '../mail-frame.tsx';
import { useSettled } from '../use-settled.ts';
import { InAppPreview } from './in-app-preview.tsx';

const TYPING_MS = 500;

interface StepPreviewProps {
  readonly definition: SequenceDefinition;
  /** The message step that is open; null where none is. */
  readonly stepId: string | null;
}

/** The open message as one real person would get it, what would stop it, and a test to yourself. */
export function StepPreview({ definition, stepId }: StepPreviewProps) {
  const [person, setPerson] = useState<{ id: string; name: string } | null>(null);
  const [isPicking, setPicking] = useState(false);
  const contactId = person?.id ?? null;
  const settled = useSettled(definition, TYPING_MS);
  const preview = useStepPreview(stepId === null ? null : { definition: settled, stepId, contactId });
  if (stepId === null) {
    return (
      <SectionCard title="Preview">
        <p className="text-ink-2">Open a message on the left: here you see it as a real person would get it.</p>
      </SectionCard>
    );
  }
  return (
    <SectionCard
      title="Preview"
      says={person === null ? 'As somebody made up would get it.' : `As ${person.name} would get it.`}
      action={
        <Button size="sm" onClick={() => setPicking(true)}>
          <UserRound aria-hidden /> As somebody else
        </Button>
      }
    >
      {preview.error !== null && <AnswerError error={preview.error} />}
      {preview.data !== undefined && preview.error === null && <Shown preview={preview.data} />}
      {preview.data?.channel === 'email' && <TestSend definition={definition} stepId={stepId} contactId={contactId} />}
      <ContactPicker
        open={isPicking}
        title="As whom?"
        onClose={() => setPicking(false)}
        onPick={(contact) => {
          setPicking(false);
          setPerson(contact);
        }}
      />
    </SectionCard>
  );
}

function Shown({ preview }: { preview: PreviewResult }) {
  return (
    <div className="space-y-3" aria-live="polite">
      {preview.blockedBy.map((reason) => (
        <Notice key={reason} tone="warn">
          {reason}
        </Notice>
      ))}
      {preview.subject !== null && (
        <div>
          <p className="text-[0.8125rem] text-ink-3">
            {preview.from !== null && `From ${preview.from}`}
            {preview.to !== null && ` to ${preview.to}`}
          </p>
          <p className="font-semibold">{preview.subject}</p>
        </div>
      )}
      {preview.inApp !== null && <InAppPreview payload={preview.inApp} />}
      {preview.html !== null && <MailFrame html={preview.html} title="Preview of the e-mail" />}
      {preview.html === null && preview.text !== null && (
        <div className="rounded-lg border bg-bg p-3 whitespace-pre-wrap">{preview.text}</div>
      )}
      {preview.promotion !== null && <p className="text-ink-2">{preview.promotion.sentence}</p>}
      {preview.links.length > 0 && (
        <details>
          <summary className="font-medium">Links ({preview.links.length})</summary>
          <ul className="mt-1 space-y-1">
            {preview.links.map((link) => (
              <li key={link.url} className="flex gap-1.5">
                {link.isFine ? (
                  <CircleCheck className="mt-0.5 size-4 shrink-0 text-good" aria-label="Fine" />
                ) : (
                  <CircleAlert className="mt-0.5 size-4 shrink-0 text-bad" aria-label="Not fine" />
                )}
                <span className="min-w-0 break-all">
                  {link.url}
                  {link.problem !== null && <span className="block text-bad">{link.problem}</span>}
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

interface TestSendProps {
  readonly definition: SequenceDefinition;
  readonly stepId: string;
  readonly contactId: string | null;
}

function TestSend({ definition, stepId, contactId }: TestSendProps) {
  const mine = useSession().data?.person.email ?? '';
  const [to, setTo] = useState(mine);
  const send = useTestSend();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send.mutate(
      { definition, stepId, contactId, to },
      {
        onSuccess: ({ isCaptured }) =>
          toast(isCaptured ? 'The test is under “Captured e-mail”.' : `The test is on its way to ${to}.`),
      },
    );
  };
  return (
    <form onSubmit={submit} className="mt-4 border-t pt-3">
      <div className="flex flex-wrap gap-2">
        <Input
          aria-label="Send a test to"
          type="email"
          required
          value={to}
          onChange={(event) => setTo(event.target.value)}
          className="flex-1 basis-40"
        />
        <Button type="submit" busy={send.isPending}>
          <Send aria-hidden /> Send a test
        </Button>
      </div>
      {send.error !== null && (
        <p role="alert" className="mt-2 text-bad">
          {send.error.message}
        </p>
      )}
    </form>
  );
}
