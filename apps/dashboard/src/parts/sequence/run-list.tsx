import type { RunRow } from '@growthos/contracts/http/sequences.ts';
import { useRef, useState } from 'react';
import { useRuns } from '../../api/sequences.ts';
import { Badge } from '../../design/badge.tsx';
import { Button } from '../../design/button.tsx';
import { Card } from '../../design/card.tsx';
import { EmptyState } from '../../design/empty-state.tsx';
import { Select } from '../../design/field.tsx';
import { Table, Td, Th, Tr } from '../../design/table.tsx';
import { DayTime, TimeAgo } from '../../design/time-ago.tsx';
import { Answer } from '../answer.tsx';
import { ContactLink } from '../contact-link.tsx';
import { useRowKeys } from '../use-row-keys.ts';
import { RUN_LOOK, RunDialog } from './run-dialog.tsx';
import { plainWords } from '../plain-words.ts';

/** Everybody who came into the sequence: where they stand, or how it ended. */
export function RunTable({ sequenceId }: { sequenceId: string }) {
  const [status, setStatus] = useState('');
  const [shown, setShown] = useState<string | null>(null);
  const runs = useRuns(sequenceId, { status });
  const body = useRef<HTMLDivElement>(null);
  useRowKeys(body);
  return (
    <div ref={body}>
      <Select
        aria-label="Which people"
        className="mb-3 w-auto"
        value={status}
        onChange={(event) => setStatus(event.target.value)}
      >
        <option value="">Everybody</option>
        {Object.entries(RUN_LOOK).map(([value, look]) => (
          <option key={value} value={value}>
            {look.word}
          </option>
        ))}
      </Select>
      <Card>
        <Answer query={runs}>
          {({ pages }) => {
            const rows = pages.flatMap((page) => page.rows);
            if (rows.length === 0)
              return (
                <EmptyState title="Nobody">
                  {status === '' ? 'Nobody has come in yet.' : 'Nobody in this state.'}
                </EmptyState>
              );
            return (
              <>
                <Table
                  caption="People in this sequence"
                  head={
                    <>
                      <Th>Person</Th>
                      <Th>State</Th>
                      <Th>Step</Th>
                      <Th>Next</Th>
                      <Th>Came in</Th>
                      <Th>
                        <span className="sr-only">Details</span>
                      </Th>
                    </>
                  }
                >
                  {rows.map((run) => (
                    <Row key={run.id} run={run} onShow={() => setShown(run.id)} />
                  ))}
                </Table>
                {runs.hasNextPage && (
                  <div className="border-t p-3 text-center">
                    <Button busy={runs.isFetchingNextPage} onClick={() => void runs.fetchNextPage()}>
                      Show more
                    </Button>
                  </div>
                )}
              </>
            );
          }}
        </Answer>
      </Card>
      <RunDialog runId={shown} onClose={() => setShown(null)} />
    </div>
  );
}

function Row({ run, onShow }: { run: RunRow; onShow: () => void }) {
  const look = RUN_LOOK[run.status];
  return (
    <Tr data-row>
      <Td className="min-w-36">
        <ContactLink contact={run.contact} />
      </Td>
      <Td label="State">
        <span className="flex flex-wrap gap-1">
          <Badge tone={look.tone}>{look.word}</Badge>
          {run.isHoldout && <Badge>Held out</Badge>}
          {run.reachedGoal && <Badge tone="good">Goal</Badge>}
        </span>
      </Td>
      <Td label="Step" className="sm:min-w-44">
        {run.step === null
          ? (run.endText ?? '–')
          : `${run.step} of ${run.stepCount}: ${plainWords(run.stepText ?? '')}`}
      </Td>
      <Td label="Next" className="whitespace-nowrap">
        {run.nextDueAt === null ? '–' : <DayTime at={run.nextDueAt} />}
      </Td>
      <Td label="Came in" className="whitespace-nowrap">
        <TimeAgo at={run.enteredAt} />
      </Td>
      <Td>
        <Button size="sm" look="quiet" data-expand onClick={onShow}>
          Details
        </Button>
      </Td>
    </Tr>
  );
}
