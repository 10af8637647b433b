import type { SegmentSummary } from '@growthos/contracts/http/segments.ts';
import { Link } from '@tanstack/react-router';
import { Plus, SquareStack } from 'lucide-react';
import { useRef, useState } from 'react';
import { useSegments, useSegmentTemplates } from '../api/segments.ts';
import { useMayEdit } from '../api/session.ts';
import { buttonClass } from '../design/button.tsx';
import { Card, SectionCard } from '../design/card.tsx';
import { EmptyState } from '../design/empty-state.tsx';
import { Progress } from '../design/progress.tsx';
import { Answer } from '../parts/answer.tsx';
import { Page } from '../parts/page.tsx';
import { TemplateDialog } from '../parts/segment/template-dialog.tsx';
import { Trend } from '../parts/segment/trend.tsx';
import { useRowKeys } from '../parts/use-row-keys.ts';

/** The segments of the workspace with their counts and trends, and the ready-made ones to begin with. */
export function SegmentsPage() {
  const segments = useSegments();
  const mayEdit = useMayEdit();
  return (
    <Page
      title="Segments"
      says="Groups of people that keep themselves up to date: within a second of a change, and on time when only time passes."
      actions={
        mayEdit && (
          <Link to="/segments/new" className={buttonClass({ look: 'primary' })}>
            <Plus aria-hidden /> New segment
          </Link>
        )
      }
    >
      <div className="space-y-8">
        <Answer query={segments}>
          {(data) => <List segments={data.segments.filter((one) => one.status !== 'archived')} />}
        </Answer>
        {mayEdit && <Gallery />}
      </div>
    </Page>
  );
}

function List({ segments }: { segments: readonly SegmentSummary[] }) {
  const list = useRef<HTMLUListElement>(null);
  useRowKeys(list);
  if (segments.length === 0) {
    return (
      <Card>
        <EmptyState icon={<SquareStack />} title="No segment yet">
          Take a ready-made one below, or build your own from what you know about people.
        </EmptyState>
      </Card>
    );
  }
  return (
    <Card>
      <ul ref={list} className="divide-y">
        {segments.map((segment) => (
          <li key={segment.id}>
            <Link
              data-row
              to="/segments/$segmentId"
              params={{ segmentId: segment.id }}
              className="flex flex-wrap items-center gap-x-6 gap-y-2 px-4 py-3 -outline-offset-2 hover:bg-sunken"
            >
              <span className="min-w-0 flex-1 basis-64">
                <span className="block font-semibold">{segment.name}</span>
                <span className="block text-[0.8125rem] text-ink-2">{segment.description ?? segment.sentence}</span>
                {segment.status === 'computing' && <Computing segment={segment} />}
              </span>
              <Trend trend={segment.trend} memberCount={segment.memberCount} />
              <span className="w-20 text-right">
                <span className="block text-xl font-semibold tracking-tight tabular-nums">
                  {segment.memberCount.toLocaleString('en')}
                </span>
                <span className="block text-xs text-ink-3">{segment.memberCount === 1 ? 'person' : 'people'}</span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Computing({ segment }: { segment: SegmentSummary }) {
  const { progress } = segment;
  return (
    <span className="mt-1.5 block max-w-60">
      <span className="mb-1 block text-xs text-ink-3">Finding its people</span>
      <Progress
        fraction={progress === null || progress.total === 0 ? null : progress.done / progress.total}
        label={`Finding the people of ${segment.name}`}
      />
    </span>
  );
}

function Gallery() {
  const templates = useSegmentTemplates();
  const [chosen, setChosen] = useState<string | null>(null);
  return (
    <SectionCard
      title="Ready-made segments"
      says="Each asks at most a question or two. You can change everything afterwards."
    >
      <Answer query={templates}>
        {(data) => (
          <>
            <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
              {data.templates.map((template) => (
                <li key={template.key}>
                  <button
                    type="button"
                    onClick={() => setChosen(template.key)}
                    className="flex h-full w-full flex-col rounded-xl border p-3.5 text-left hover:border-accent hover:bg-accent-soft/40"
                  >
                    <span className="font-semibold">{template.name}</span>
                    <span className="mt-0.5 text-[0.8125rem] text-ink-2">{template.says}</span>
                  </button>
                </li>
              ))}
            </ul>
            <TemplateDialog
              template={data.templates.find((one) => one.key === chosen) ?? null}
              onClose={() => setChosen(null)}
            />
          </>
        )}
      </Answer>
    </SectionCard>
  );
}
