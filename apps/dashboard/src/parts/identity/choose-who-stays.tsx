import type { CandidateView } from '@growthos/contracts/http/identity.ts';
import { useId, useState } from 'react';
import { Button } from '../../design/button.tsx';
import { Dialog } from '../../design/dialog.tsx';

interface ChooseWhoStaysProps {
  readonly open: boolean;
  readonly people: readonly CandidateView[];
  readonly busy: boolean;
  readonly error: string | undefined;
  readonly onClose: () => void;
  readonly onChoose: (contact: CandidateView) => void;
}

/** Before a merge: which contact stays, and what happens to the others. */
export function ChooseWhoStays({ open, people, busy, error, onClose, onChoose }: ChooseWhoStaysProps) {
  const name = useId();
  // Whom the app knows keeps what the app says of them: the better start.
  const suggested = people.find((one) => one.userId !== null) ?? people[0];
  const [chosenId, setChosenId] = useState<string | null>(null);
  const chosen = people.find((one) => one.id === chosenId) ?? suggested;
  if (chosen === undefined) return null;
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title="Make one contact of them?"
      size="sm"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" busy={busy} onClick={() => onChoose(chosen)}>
            Merge into {chosen.name}
          </Button>
        </>
      }
    >
      <fieldset className="space-y-1.5">
        <legend className="mb-1.5 font-medium">Which one stays?</legend>
        {people.map((one) => (
          <label key={one.id} className="flex items-start gap-2.5 rounded-lg border px-3 py-2 hover:bg-sunken">
            <input
              type="radio"
              name={name}
              className="mt-1"
              checked={one.id === chosen.id}
              onChange={() => setChosenId(one.id)}
            />
            <span className="min-w-0">
              <span className="block font-medium break-words">{one.name}</span>
              <span className="block text-[0.8125rem] break-words text-ink-3">
                {[one.userId === null ? one.email : `user id ${one.userId}`, one.planName, one.mrr?.formatted]
                  .filter(Boolean)
                  .join(', ')}
              </span>
            </span>
          </label>
        ))}
      </fieldset>
      <p className="mt-3 text-ink-2">
        The one that stays gets what the others pay, did and were sent, and their places in segments and sequences.
        Where names differ, the one that your app said last counts. You can undo it later. Nothing changes in Stripe.
      </p>
      {error !== undefined && (
        <p role="alert" className="mt-3 text-bad">
          {error}
        </p>
      )}
    </Dialog>
  );
}
