import type { ContactPage } from '@growthos/contracts/http/contact-page.ts';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useRun } from '../../api/sequences.ts';
import { useSegments } from '../../api/segments.ts';
import { Badge } from '../../design/badge.tsx';
import { Button } from '../../design/button.tsx';
import { SectionCard } from '../../design/card.tsx';
import { Select } from '../../design/field.tsx';
import { DayTime, TimeAgo } from '../../design/time-ago.tsx';
import { WhyDialog } from '../segment/why-dialog.tsx';
import { RunActions } from '../sequence/run-actions.tsx';
import { RunDialog } from '../sequence/run-dialog.tsx';
import { plainWords } from '../plain-words.ts';

type Enrolment = ContactPage['sequences'][number];

/** Which groups the person is in, since when, and when time alone takes them out. */
export function SegmentMemberships({ contact }: { contact: ContactPage }) {
  const [asked, setAsked] = useState<string | null>(null);
  const others =
    useSegments().data?.segments.filter((one) => !contact.segments.some((mine) => mine.id === one.id)) ?? [];
  return (
    <SectionCard title="Segments">
      {contact.segments.length === 0 && <p className="text-ink-2">In none at the moment.</p>}
      <ul className="divide-y">
        {contact.segments.map((segment) => (
          <li key={segment.id} className="flex flex-wrap items-center justify-between gap-x-3 py-2">
            <div className="min-w-0">
              <Link
                to="/segments/$segmentId"
                params={{ segmentId: segment.id }}
                className="font-medium underline decoration-line-strong/50 underline-offset-2"
              >
                {segment.name}
              </Link>
              <p className="text-[0.8125rem] text-ink-3">
                since <TimeAgo at={segment.since} />
                {segment.nextFlipAt !== null && (
                  <>
                    , leaves <TimeAgo at={segment.nextFlipAt} />
                  </>
                )}
              </p>
            </div>
            <Button size="sm" look="quiet" aria-label={`Why in ${segment.name}?`} onClick={() => setAsked(segment.id)}>
              Why?
            </Button>
          </li>
        ))}
      </ul>
      {others.length > 0 && (
        <label className="mt-3 block text-[0.8125rem] text-ink-3">
          Why not in another one?
          <Select
            value=""
            className="mt-1"
            onChange={(event) => setAsked(event.target.value === '' ? null : event.target.value)}
          >
            <option value="">Choose a segment</option>
            {others.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </Select>
        </label>
      )}
      <WhyDialog contactId={contact.id} contactName={contact.name} segmentId={asked} onClose={() => setAsked(null)} />
    </SectionCard>
  );
}

/** Where the person stands in each sequence, what comes next, and how to stop it. */
export function SequenceMemberships({ contact }: { contact: ContactPage }) {
  const [shown, setShown] = useState<string | null>(null);
  return (
    <SectionCard title="Sequences">
      {contact.sequences.length === 0 && <p className="text-ink-2">In none, now or lately.</p>}
      <ul className="divide-y">
        {contact.sequences.map((one) => (
          <li key={one.id} className="py-2.5 first:pt-0 last:pb-0">
            {one.status === 'running' ? (
              <Running enrolment={one} onShow={() => setShown(one.id)} />
            ) : (
              <Ended enrolment={one} onShow={() => setShown(one.id)} />
            )}
          </li>
        ))}
      </ul>
      <RunDialog runId={shown} onClose={() => setShown(null)} />
    </SectionCard>
  );
}

function SequenceName({ enrolment }: { enrolment: Enrolment }) {
  return (
    <Link
      to="/sequences/$sequenceId"
      params={{ sequenceId: enrolment.sequenceId }}
      className="font-medium underline decoration-line-strong/50 underline-offset-2"
    >
      {enrolment.name}
    </Link>
  );
}

function Running({ enrolment, onShow }: { enrolment: Enrolment; onShow: () => void }) {
  const run = useRun(enrolment.id);
  return (
    <div className="space-y-2">
      <div className="flex flex-wrap items-baseline justify-between gap-x-3">
        <SequenceName enrolment={enrolment} />
        <span className="text-ink-2">
          {enrolment.step !== null && `Step ${enrolment.step} of ${enrolment.stepCount}`}
        </span>
      </div>
      {enrolment.step !== null && <StepBar step={enrolment.step} stepCount={enrolment.stepCount} />}
      {enrolment.isHoldout ? (
        <Badge>Held out on purpose: gets no messages</Badge>
      ) : (
        <p className="text-[0.8125rem] text-ink-2">
          {run.data?.status === 'paused' ? 'Paused. ' : ''}
          {enrolment.nextAction !== null && `Next: ${plainWords(enrolment.nextAction)}`}
          {enrolment.nextAt !== null && (
            <>
              , <DayTime at={enrolment.nextAt} />
            </>
          )}
        </p>
      )}
      <div className="flex flex-wrap gap-2">
        {run.data !== undefined && <RunActions run={run.data} />}
        <Button size="sm" look="quiet" onClick={onShow}>
          Details
        </Button>
      </div>
    </div>
  );
}

function StepBar({ step, stepCount }: { step: number; stepCount: number }) {
  return (
    <div className="flex gap-1" aria-hidden>
      {Array.from({ length: stepCount }, (_, index) => (
        <span key={index} className={`h-1.5 flex-1 rounded-full ${index < step ? 'bg-accent' : 'bg-mute-soft'}`} />
      ))}
    </div>
  );
}

function Ended({ enrolment, onShow }: { enrolment: Enrolment; onShow: () => void }) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-3">
      <div className="min-w-0">
        <SequenceName enrolment={enrolment} />
        <p className="text-[0.8125rem] text-ink-3">
          {enrolment.exitReason ?? 'Went through'}, began <TimeAgo at={enrolment.enteredAt} />
        </p>
      </div>
      <Button size="sm" look="quiet" onClick={onShow}>
        Details
      </Button>
    </div>
  );
}
