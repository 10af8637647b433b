import type { SequenceDetail } from '@growthos/contracts/http/sequences.ts';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { useSaveSequence, useSequence } from '../api/sequences.ts';
import { useMayEdit } from '../api/session.ts';
import { Badge } from '../design/badge.tsx';
import { Button } from '../design/button.tsx';
import { Card, SectionCard } from '../design/card.tsx';
import { TextArea } from '../design/field.tsx';
import { Notice } from '../design/notice.tsx';
import { TabPanel, Tabs } from '../design/tabs.tsx';
import { TimeAgo } from '../design/time-ago.tsx';
import { toast } from '../design/toast.tsx';
import { Answer } from '../parts/answer.tsx';
import { Page } from '../parts/page.tsx';
import { RunTable } from '../parts/sequence/run-list.tsx';
import { SequenceControls } from '../parts/sequence/sequence-controls.tsx';
import { SEQUENCE_TONE } from '../parts/sequence/sequence-tone.ts';
import { StepCountList } from '../parts/sequence/step-counts.tsx';

const route = getRouteApi('/app/sequences/$sequenceId');
const TABS = [
  { id: 'steps', label: 'Steps' },
  { id: 'people', label: 'People' },
  { id: 'file', label: 'As a file' },
] as const;
type Tab = (typeof TABS)[number]['id'];

/** One sequence: its state, what each step has done, who is inside, and what it is worth. */
export function SequencePage() {
  const { sequenceId } = route.useParams();
  const { tab } = route.useSearch();
  const navigate = route.useNavigate();
  const sequence = useSequence(sequenceId);
  const shown: Tab = TABS.find((one) => one.id === tab)?.id ?? 'steps';
  return (
    <Page
      title={sequence.data?.name ?? 'Sequence'}
      says={sequence.data?.description === '' ? undefined : sequence.data?.description}
      actions={sequence.data !== undefined && <SequenceControls sequence={sequence.data} />}
    >
      <Answer query={sequence}>
        {(data) => (
          <div className="space-y-5">
            <Summary sequence={data} />
            <Tabs
              label="Parts of the sequence"
              value={shown}
              tabs={TABS}
              onChange={(next) => void navigate({ search: { tab: next }, replace: true })}
            >
              <TabPanel value="steps" className="space-y-5">
                <StepCountList sequence={data} />
                <Lift sequence={data} />
              </TabPanel>
              <TabPanel value="people">
                <RunTable sequenceId={data.id} />
              </TabPanel>
              <TabPanel value="file">
                <AsFile key={data.version} sequence={data} />
              </TabPanel>
            </Tabs>
          </div>
        )}
      </Answer>
    </Page>
  );
}

function Summary({ sequence }: { sequence: SequenceDetail }) {
  const { counts } = sequence;
  const figures = [
    ['In it now', counts.active],
    ['Came in', counts.entered],
    ['Went through', counts.completed],
    ['Left early', counts.exited],
    ['Goal reached', counts.reachedGoal],
    ['Held out', counts.holdout],
  ] as const;
  return (
    <Card className="p-4">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <Badge tone={SEQUENCE_TONE[sequence.status]}>{sequence.statusLabel}</Badge>
        <span className="font-medium">{sequence.triggerText}</span>
        <span className="text-ink-3">
          changed <TimeAgo at={sequence.updatedAt} />
        </span>
      </p>
      <dl className="mt-3 grid grid-cols-3 gap-x-6 gap-y-2 border-t pt-3 sm:flex sm:flex-wrap">
        {figures.map(([label, value]) => (
          <div key={label} className="flex flex-col-reverse sm:min-w-20">
            <dt className="text-xs text-ink-3">{label}</dt>
            <dd className="text-lg font-semibold tabular-nums">{value.toLocaleString('en')}</dd>
          </div>
        ))}
      </dl>
      {sequence.status === 'draft' && (
        <Notice className="mt-3">
          A draft: nothing is sent. Read its steps, try it on the last 90 days, then switch it on.
        </Notice>
      )}
      {sequence.status === 'paused' && (
        <Notice tone="warn" className="mt-3">
          Paused: nobody comes in and nobody moves.
        </Notice>
      )}
      {sequence.hasUnpublishedChanges && sequence.status !== 'draft' && (
        <Notice tone="warn" className="mt-3">
          There are saved changes that are not live yet.
        </Notice>
      )}
      {sequence.stuckCount > 0 && (
        <Notice tone="bad" className="mt-3">
          {sequence.stuckCount.toLocaleString('en')} {sequence.stuckCount === 1 ? 'person waits' : 'people wait'} longer
          than they should. They stand under People, as “Stuck” or overdue.
        </Notice>
      )}
    </Card>
  );
}

function Lift({ sequence }: { sequence: SequenceDetail }) {
  return (
    <SectionCard title="Is it worth it?" says="Goals of those who got the messages against those who were held out.">
      <p>{sequence.lift.text}</p>
    </SectionCard>
  );
}

function AsFile({ sequence }: { sequence: SequenceDetail }) {
  const [yaml, setYaml] = useState(sequence.yaml);
  const save = useSaveSequence(sequence.id);
  const mayEdit = useMayEdit();
  return (
    <SectionCard title="As a file" says="The same sequence as YAML, to keep in a repository or to edit as text.">
      <TextArea
        aria-label="Sequence as YAML"
        spellCheck={false}
        readOnly={!mayEdit}
        value={yaml}
        onChange={(event) => setYaml(event.target.value)}
        className="min-h-96 font-mono text-xs leading-relaxed whitespace-pre sm:text-xs"
      />
      {save.error !== null && (
        <p role="alert" className="mt-2 text-bad">
          {save.error.message}
        </p>
      )}
      {mayEdit && (
        <div className="mt-3 flex gap-2">
          <Button
            look="primary"
            busy={save.isPending}
            disabled={yaml === sequence.yaml}
            onClick={() => save.mutate({ yaml }, { onSuccess: () => toast('Saved.') })}
          >
            Save
          </Button>
          <Button disabled={yaml === sequence.yaml} onClick={() => setYaml(sequence.yaml)}>
            Undo
          </Button>
        </div>
      )}
    </SectionCard>
  );
}
