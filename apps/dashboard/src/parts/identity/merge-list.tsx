import type { MergeView } from '@growthos/contracts/http/identity.ts';
import { useState } from 'react';
import { useUndoMerge } from '../../api/identity.ts';
import { useMayEdit } from '../../api/session.ts';
import { Badge } from '../../design/badge.tsx';
import { Button } from '../../design/button.tsx';
import { Confirm } from '../../design/confirm.tsx';
import { TimeAgo } from '../../design/time-ago.tsx';
import { toast } from '../../design/toast.tsx';
import { ContactLink } from '../contact-link.tsx';

/** What was merged, by whom and when, and the way back. */
export function MergeList({ merges, label }: { merges: readonly MergeView[]; label: string }) {
  const [asked, setAsked] = useState<MergeView | null>(null);
  const mayEdit = useMayEdit();
  const undo = useUndoMerge();
  const close = () => {
    undo.reset();
    setAsked(null);
  };
  return (
    <>
      <ul aria-label={label} className="divide-y">
        {merges.map((merge) => (
          <li key={merge.id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 py-2.5">
            <div className="min-w-0 flex-1 basis-56 break-words">
              <p>
                {merge.undoneAt === null ? (
                  <span className="font-medium">{merge.from.name}</span>
                ) : (
                  <ContactLink contact={merge.from} />
                )}
                {merge.from.email !== null && merge.from.email !== merge.from.name && ` (${merge.from.email})`}
                {' into '}
                <ContactLink contact={merge.into} />
              </p>
              <p className="text-[0.8125rem] text-ink-3">
                {whoDid(merge)}, <TimeAgo at={merge.mergedAt} />
                {merge.undoneAt !== null && (
                  <>
                    . Undone{merge.undoneByName !== null && ` by ${merge.undoneByName}`} <TimeAgo at={merge.undoneAt} />
                  </>
                )}
              </p>
            </div>
            {merge.undoneAt !== null && <Badge>Undone</Badge>}
            {merge.canUndo && mayEdit && (
              <Button
                size="sm"
                aria-label={`Undo the merge of ${merge.from.name} into ${merge.into.name}`}
                onClick={() => setAsked(merge)}
              >
                Undo
              </Button>
            )}
          </li>
        ))}
      </ul>
      <Confirm
        open={asked !== null}
        onClose={close}
        onConfirm={() =>
          asked !== null &&
          undo.mutate(asked.id, {
            onSuccess: () => {
              toast('They are two people again.');
              close();
            },
          })
        }
        title="Make two people of them again?"
        action="Undo the merge"
        busy={undo.isPending}
        error={undo.error?.message}
      >
        <p>
          {asked?.from.name} gets back what was theirs: what they pay and did, their places in segments and sequences,
          and their messages. What came while they were one stays with {asked?.into.name}. They are kept apart from now
          on. Nothing changes in Stripe.
        </p>
      </Confirm>
    </>
  );
}

function whoDid(merge: MergeView): string {
  if (merge.byName !== null) return `Merged by ${merge.byName}`;
  return merge.by === 'person' ? 'Merged by an API key' : 'Merged by itself: your app or Stripe said so';
}
