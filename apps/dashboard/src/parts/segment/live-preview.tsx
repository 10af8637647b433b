import type { Filter } from '@growthos/contracts/filter/filter.ts';
import { Link } from '@tanstack/react-router';
import { LoaderCircle } from 'lucide-react';
import { useCountedPreview, useSegmentPreview } from '../../api/segments.ts';
import { SectionCard } from '../../design/card.tsx';
import { Avatar } from '../avatar.tsx';
import { AnswerError } from '../answer-error.tsx';
import { useSettled } from '../use-settled.ts';

const TYPING_MS = 300;

/** Who matches right now: the sentence, how many, and five of them, while the conditions are being edited. */
export function LivePreview({ filter, missing }: { filter: Filter; missing: string | null }) {
  const settled = useSettled(missing === null ? filter : null, TYPING_MS);
  const preview = useSegmentPreview(settled);
  // An estimate first; the count takes its place when it is there.
  const counted = useCountedPreview(preview.data?.isEstimate === true && !preview.isPlaceholderData ? settled : null);
  const data = counted.data ?? preview.data;
  return (
    <SectionCard title="Who matches now">
      {missing !== null && <p className="mb-3 text-warn">{missing} Then you see here who matches.</p>}
      {preview.error !== null && missing === null && <AnswerError error={preview.error} />}
      {data !== undefined && preview.error === null && (
        <div aria-live="polite" className={missing !== null ? 'opacity-60' : ''}>
          <p className="flex items-baseline gap-2">
            <span className="text-2xl font-semibold tracking-tight tabular-nums">
              {data.isEstimate && 'about '}
              {data.count.toLocaleString('en')}
            </span>
            <span className="text-ink-2">
              of {data.isEstimate && 'about '}
              {data.total.toLocaleString('en')} people
            </span>
            {(preview.isFetching || counted.isFetching) && (
              <LoaderCircle className="size-4 animate-spin self-center text-ink-3" aria-label="Counting" />
            )}
          </p>
          <p className="mt-2 text-ink-2">{data.sentence}</p>
          {data.sample.length > 0 && (
            <>
              <h3 className="mt-4 mb-1 text-xs font-semibold text-ink-3">For example</h3>
              <ul>
                {data.sample.map((person) => {
                  const name = person.name ?? person.email ?? 'Unknown person';
                  return (
                    <li key={person.contactId}>
                      <Link
                        to="/contacts/$contactId"
                        params={{ contactId: person.contactId }}
                        target="_blank"
                        className="flex items-center gap-2.5 rounded-lg py-1.5 hover:bg-sunken"
                      >
                        <Avatar name={name} size="sm" />
                        <span className="min-w-0">
                          <span className="block truncate font-medium">{name}</span>
                          <span className="block truncate text-[0.8125rem] text-ink-3">
                            {[person.planName, person.billingStatus.replaceAll('_', ' ')].filter(Boolean).join(', ')}
                          </span>
                        </span>
                      </Link>
                    </li>
                  );
                })}
              </ul>
            </>
          )}
          {data.count === 0 && (
            <p className="mt-3 text-ink-2">
              Nobody at the moment. You can save it all the same: people come in by themselves.
            </p>
          )}
        </div>
      )}
      {data === undefined && preview.isFetching && <p className="text-ink-2">Counting…</p>}
    </SectionCard>
  );
}
