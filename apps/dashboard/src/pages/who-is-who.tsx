import { UsersRound } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { useConflicts, useRecentMerges } from '../api/identity.ts';
import { Card, SectionCard } from '../design/card.tsx';
import { EmptyState } from '../design/empty-state.tsx';
import { Answer } from '../parts/answer.tsx';
import { ConflictCard } from '../parts/identity/conflict-card.tsx';
import { MergeList } from '../parts/identity/merge-list.tsx';
import { Page } from '../parts/page.tsx';

/** Where the evidence does not say who somebody is: the open questions, and what was merged. */
export function WhoIsWhoPage() {
  const conflicts = useConflicts();
  const merges = useRecentMerges();
  const questions = useRef<HTMLElement>(null);
  const wasAnswered = useRef(false);
  useEffect(() => {
    // The question went, and the window over it: the focus would be lost with them.
    if (wasAnswered.current) questions.current?.focus();
    wasAnswered.current = false;
  }, [conflicts.data]);
  return (
    <Page
      title="Who is who"
      says="Sometimes your app and Stripe don't say clearly whether two contacts are one person. You decide, and can change your mind."
    >
      <div className="space-y-5">
        <section ref={questions} tabIndex={-1} aria-label="Open questions" className="space-y-4 outline-none">
          <Answer query={conflicts}>
            {(data) =>
              data.conflicts.length === 0 ? (
                <Card>
                  <EmptyState icon={<UsersRound />} title="No open question">
                    Everybody is told apart. When two people claim the same e-mail address or Stripe customer, you are
                    asked here and on the overview.
                  </EmptyState>
                </Card>
              ) : (
                data.conflicts.map((conflict) => (
                  <ConflictCard
                    key={conflict.id}
                    conflict={conflict}
                    onAnswered={() => {
                      wasAnswered.current = true;
                    }}
                  />
                ))
              )
            }
          </Answer>
        </section>
        <SectionCard
          title="Merged"
          says="The newest first. To merge two people who were never asked about, open one of them and choose More, Merge."
        >
          <Answer query={merges}>
            {(data) =>
              data.merges.length === 0 ? (
                <p className="text-ink-2">Nobody was merged yet.</p>
              ) : (
                <MergeList merges={data.merges} label="Merged people" />
              )
            }
          </Answer>
        </SectionCard>
      </div>
    </Page>
  );
}
