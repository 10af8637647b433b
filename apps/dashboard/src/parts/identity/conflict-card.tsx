import type { IdentityConflictView, ResolveConflict } from '@growthos/contracts/http/identity.ts';
import { useState } from 'react';
import { useResolveConflict } from '../../api/identity.ts';
import { useMayEdit } from '../../api/session.ts';
import { Button } from '../../design/button.tsx';
import { SectionCard } from '../../design/card.tsx';
import { Confirm } from '../../design/confirm.tsx';
import { TimeAgo } from '../../design/time-ago.tsx';
import { toast } from '../../design/toast.tsx';
import { CandidateCard } from './candidate-card.tsx';
import { ChooseWhoStays } from './choose-who-stays.tsx';

interface ConflictCardProps {
  readonly conflict: IdentityConflictView;
  /** After an answer the card goes: where the focus may go. */
  readonly onAnswered: () => void;
}

/** One question, why it is one, who may be meant, and the three answers. */
export function ConflictCard({ conflict, onAnswered }: ConflictCardProps) {
  const [asked, setAsked] = useState<ResolveConflict | null>(null);
  const [isMerging, setMerging] = useState(false);
  const mayEdit = useMayEdit();
  const resolve = useResolveConflict();
  const { belongsTo } = conflict;
  const isOwner = (id: string) => (id === belongsTo.id ? 1 : 0);
  const candidates = conflict.candidates.toSorted((a, b) => isOwner(b.contact.id) - isOwner(a.contact.id));
  const what = whatIs(conflict.identity);
  const answer = (resolution: ResolveConflict, done: string) =>
    resolve.mutate(
      { id: conflict.id, ...resolution },
      {
        onSuccess: () => {
          toast(done);
          onAnswered();
        },
      },
    );
  const close = () => {
    resolve.reset();
    setAsked(null);
    setMerging(false);
  };
  return (
    <SectionCard
      title={<span className="break-all">Whose is {what}?</span>}
      says={
        <>
          {conflict.reason} Until you answer it belongs to {belongsTo.name}. Asked <TimeAgo at={conflict.openedAt} />.
        </>
      }
    >
      <ul className="grid gap-3 md:grid-cols-2 xl:grid-cols-3">
        {candidates.map(({ contact }) => (
          <li key={contact.id} className="grid min-w-0">
            <CandidateCard candidate={contact}>
              {mayEdit && contact.id !== belongsTo.id && (
                <Button size="sm" onClick={() => setAsked({ action: 'link', contactId: contact.id })}>
                  It belongs to {contact.name}
                </Button>
              )}
            </CandidateCard>
          </li>
        ))}
      </ul>
      {mayEdit && (
        <div className="mt-3.5 flex flex-wrap gap-2">
          <Button look="primary" onClick={() => setMerging(true)}>
            They are one person…
          </Button>
          <Button onClick={() => setAsked({ action: 'keep_apart' })}>Keep apart</Button>
        </div>
      )}
      <Answers
        {...{ conflict, asked, what }}
        busy={resolve.isPending}
        error={resolve.error?.message}
        onClose={close}
        onAnswer={answer}
      />
      <ChooseWhoStays
        open={isMerging}
        people={candidates.map(({ contact }) => contact)}
        busy={resolve.isPending}
        error={resolve.error?.message}
        onClose={close}
        onChoose={(contact) => answer({ action: 'merge', contactId: contact.id }, `Merged into ${contact.name}.`)}
      />
    </SectionCard>
  );
}

interface AnswersProps {
  readonly conflict: IdentityConflictView;
  readonly asked: ResolveConflict | null;
  readonly what: string;
  readonly busy: boolean;
  readonly error: string | undefined;
  readonly onClose: () => void;
  readonly onAnswer: (resolution: ResolveConflict, done: string) => void;
}

function Answers({ conflict, asked, what, busy, error, onClose, onAnswer }: AnswersProps) {
  const { belongsTo, candidates } = conflict;
  const chosen =
    asked?.action === 'link' ? candidates.find(({ contact }) => contact.id === asked.contactId)?.contact : undefined;
  return (
    <>
      <Confirm
        open={chosen !== undefined}
        onClose={onClose}
        onConfirm={() => asked && onAnswer(asked, `It belongs to ${chosen?.name ?? ''} now.`)}
        title={`Give it to ${chosen?.name ?? ''}?`}
        action={`Give it to ${chosen?.name ?? ''}`}
        {...{ busy, error }}
      >
        <p className="break-words">
          {what} goes from {belongsTo.name} to {chosen?.name}, with what hangs on it: its Stripe customer, what it pays,
          and what was told of it. Nothing changes in Stripe.
        </p>
      </Confirm>
      <Confirm
        open={asked?.action === 'keep_apart'}
        onClose={onClose}
        onConfirm={() => asked && onAnswer(asked, 'Kept apart.')}
        title="Keep them apart?"
        action="Keep apart"
        {...{ busy, error }}
      >
        <p className="break-words">
          They stay different people, and {what} stays with {belongsTo.name}. You are asked again only if somebody else
          claims it.
        </p>
      </Confirm>
    </>
  );
}

function whatIs({ kind, value }: IdentityConflictView['identity']): string {
  return kind === 'stripe_customer' ? `the Stripe customer ${value.split('/').at(-1) ?? value}` : value;
}
