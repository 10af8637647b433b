import type { SequenceRow } from '@growthos/contracts/http/sequences.ts';
import { Link, useNavigate } from '@tanstack/react-router';
import { Plus, Workflow } from 'lucide-react';
import { useRef } from 'react';
import { useInstallTemplate, useSequenceGallery, useSequences } from '../api/sequences.ts';
import { useMayEdit } from '../api/session.ts';
import { Badge } from '../design/badge.tsx';
import { Button, buttonClass } from '../design/button.tsx';
import { Card, SectionCard } from '../design/card.tsx';
import { EmptyState } from '../design/empty-state.tsx';
import { toast } from '../design/toast.tsx';
import { Answer } from '../parts/answer.tsx';
import { Page } from '../parts/page.tsx';
import { SEQUENCE_TONE } from '../parts/sequence/sequence-tone.ts';
import { useRowKeys } from '../parts/use-row-keys.ts';

/** The sequences with what they have done so far, and the ready-made ones to begin with. */
export function SequencesPage() {
  const sequences = useSequences();
  const mayEdit = useMayEdit();
  return (
    <Page
      title="Sequences"
      says="Messages that go out by themselves when something happens, and stop the moment they are no longer true."
      actions={
        mayEdit && (
          <Link to="/sequences/new" className={buttonClass({ look: 'primary' })}>
            <Plus aria-hidden /> New sequence
          </Link>
        )
      }
    >
      <div className="space-y-8">
        <Answer query={sequences}>
          {(data) => <List rows={data.rows.filter((row) => row.status !== 'archived')} />}
        </Answer>
        {mayEdit && <Gallery />}
      </div>
    </Page>
  );
}

function List({ rows }: { rows: readonly SequenceRow[] }) {
  const list = useRef<HTMLUListElement>(null);
  useRowKeys(list);
  if (rows.length === 0) {
    return (
      <Card>
        <EmptyState icon={<Workflow />} title="No sequence yet">
          Take a ready-made one below. It begins as a draft: nothing is sent before you switch it on.
        </EmptyState>
      </Card>
    );
  }
  return (
    <Card>
      <ul ref={list} className="divide-y">
        {rows.map((row) => (
          <li key={row.id}>
            <Link
              data-row
              to="/sequences/$sequenceId"
              params={{ sequenceId: row.id }}
              className="flex flex-wrap items-center gap-x-8 gap-y-2 px-4 py-3 -outline-offset-2 hover:bg-sunken"
            >
              <span className="min-w-0 flex-1 basis-64">
                <span className="flex flex-wrap items-center gap-2">
                  <span className="font-semibold">{row.name}</span>
                  <Badge tone={SEQUENCE_TONE[row.status]}>{row.statusLabel}</Badge>
                  {row.hasUnpublishedChanges && row.status !== 'draft' && (
                    <Badge tone="warn">Changes not live yet</Badge>
                  )}
                </span>
                <span className="mt-0.5 block text-[0.8125rem] text-ink-2">
                  {row.triggerText}, {row.stepCount} {row.stepCount === 1 ? 'step' : 'steps'}
                </span>
              </span>
              <Figures counts={row.counts} />
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Figures({ counts }: { counts: SequenceRow['counts'] }) {
  const figures = [
    ['In it now', counts.active],
    ['Came in', counts.entered],
    ['Goal reached', counts.reachedGoal],
  ] as const;
  return (
    <span className="flex gap-6">
      {figures.map(([label, value]) => (
        <span key={label} className="text-right">
          <span className="block text-base font-semibold tabular-nums">{value.toLocaleString('en')}</span>
          <span className="block text-xs text-ink-3">{label}</span>
        </span>
      ))}
    </span>
  );
}

function Gallery() {
  const gallery = useSequenceGallery();
  const install = useInstallTemplate();
  const navigate = useNavigate();
  const take = (key: string) =>
    install.mutate(key, {
      onSuccess: (row) => void navigate({ to: '/sequences/$sequenceId', params: { sequenceId: row.id } }),
      onError: (error) => toast(error.message, 'bad'),
    });
  return (
    <SectionCard
      title="Ready-made sequences"
      says="Each begins as a draft that you can read, try and change before it sends anything."
    >
      <Answer query={gallery}>
        {(data) => (
          <ul className="grid gap-3 md:grid-cols-2">
            {data.rows.map((template) => (
              <li key={template.key} className="flex flex-col rounded-xl border p-4">
                <h3 className="font-semibold">{template.name}</h3>
                <p className="mt-0.5 text-ink-2">{template.says}</p>
                <ol className="mt-3 space-y-1">
                  {template.steps.map((step) => (
                    <li key={step} className="border-l-2 border-accent/50 pl-3">
                      {step}
                    </li>
                  ))}
                </ol>
                {template.exits.length > 0 && (
                  <p className="mt-3 text-[0.8125rem] text-ink-3">Ends early: {template.exits.join('; ')}</p>
                )}
                <div className="mt-auto pt-4">
                  {template.sequenceId === null ? (
                    <Button
                      busy={install.isPending && install.variables === template.key}
                      onClick={() => take(template.key)}
                    >
                      <Plus aria-hidden /> Use this
                    </Button>
                  ) : (
                    <Link
                      to="/sequences/$sequenceId"
                      params={{ sequenceId: template.sequenceId }}
                      className={buttonClass({})}
                    >
                      Open yours
                    </Link>
                  )}
                </div>
              </li>
            ))}
          </ul>
        )}
      </Answer>
    </SectionCard>
  );
}
