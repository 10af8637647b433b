import { Link } from '@tanstack/react-router';
import { CircleCheck } from 'lucide-react';
import { useDeadLetters, useReplayDeadLetter } from '../../api/events.ts';
import { useMayEdit } from '../../api/session.ts';
import { Button } from '../../design/button.tsx';
import { Card } from '../../design/card.tsx';
import { EmptyState } from '../../design/empty-state.tsx';
import { TimeAgo } from '../../design/time-ago.tsx';
import { toast } from '../../design/toast.tsx';
import { Answer } from '../answer.tsx';
import { ContactLink } from '../contact-link.tsx';
import { LoadMore } from '../load-more.tsx';

/** What could not be read, even after several tries, and another try. */
export function StuckList() {
  const dead = useDeadLetters();
  const replay = useReplayDeadLetter();
  const mayEdit = useMayEdit();
  return (
    <Card>
      <Answer query={dead}>
        {({ pages }) => {
          const rows = pages.flatMap((page) => page.rows);
          if (rows.length === 0) {
            return (
              <EmptyState icon={<CircleCheck />} title="Nothing is stuck">
                What cannot be read, even after several tries, waits here for a person instead of getting lost.
              </EmptyState>
            );
          }
          return (
            <>
              <ul className="divide-y">
                {rows.map((row) => (
                  <li key={row.id} className="flex flex-wrap items-start justify-between gap-3 px-4 py-3">
                    <div className="min-w-0 flex-1 basis-72">
                      <p className="font-medium">
                        {row.where}: <code className="font-mono text-xs">{row.type}</code>
                      </p>
                      <p className="text-bad">{row.error}</p>
                      <p className="mt-0.5 flex flex-wrap gap-x-3 text-[0.8125rem] text-ink-3">
                        <TimeAgo at={row.diedAt} />
                        {row.contact !== null && <ContactLink contact={row.contact} />}
                        {row.ledgerSeq !== null && (
                          <Link
                            to="/events"
                            search={(old) => ({ ...old, seq: row.ledgerSeq ?? undefined })}
                            className="text-accent-ink underline underline-offset-2"
                          >
                            The event
                          </Link>
                        )}
                        {row.busEventId !== null && (
                          <Link
                            to="/events"
                            search={(old) => ({ ...old, id: row.busEventId ?? undefined })}
                            className="text-accent-ink underline underline-offset-2"
                          >
                            The event behind it
                          </Link>
                        )}
                      </p>
                    </div>
                    {mayEdit && (
                      <Button
                        size="sm"
                        busy={replay.isPending && replay.variables === row.id}
                        onClick={() =>
                          replay.mutate(row.id, {
                            onSuccess: () => toast('Read. It is in order now.'),
                            onError: (error) => toast(error.message, 'bad'),
                          })
                        }
                      >
                        Try again
                      </Button>
                    )}
                  </li>
                ))}
              </ul>
              <LoadMore query={dead} />
            </>
          );
        }}
      </Answer>
    </Card>
  );
}
