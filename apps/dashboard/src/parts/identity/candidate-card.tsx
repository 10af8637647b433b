import type { CandidateView } from '@growthos/contracts/http/identity.ts';
import type { ReactNode } from 'react';
import { TimeAgo } from '../../design/time-ago.tsx';
import { Avatar } from '../avatar.tsx';
import { BillingStatusBadge } from '../billing-status.tsx';
import { ContactLink } from '../contact-link.tsx';
import { type Fact, Facts } from '../facts.tsx';

/** One of several who may be the same person: what tells them apart. */
export function CandidateCard({ candidate, children }: { candidate: CandidateView; children?: ReactNode }) {
  const facts: Fact[] = [
    ['E-mail', candidate.email ?? 'Not known'],
    ['User id', candidate.userId ?? 'Not known to your app'],
    ['Plan', candidate.planName ?? 'None'],
    ['Pays', candidate.mrr === null ? 'Nothing now' : `${candidate.mrr.formatted} a month`],
    ['Last seen', candidate.lastSeenAt === null ? 'Never in your app' : <TimeAgo at={candidate.lastSeenAt} />],
    ['Known since', <TimeAgo key="since" at={candidate.knownSince} />],
  ];
  return (
    <div className="flex min-w-0 flex-col gap-3 rounded-xl border p-3.5">
      <div className="flex min-w-0 items-center gap-2.5">
        <Avatar name={candidate.name} size="sm" />
        <div className="min-w-0 flex-1 break-words">
          <ContactLink contact={candidate} />
        </div>
        <BillingStatusBadge status={candidate.billingStatus} label={candidate.billingStatusLabel} />
      </div>
      <Facts facts={facts} stacked />
      <div>
        <p className="text-[0.8125rem] text-ink-3">Recognised by</p>
        <ul className="text-[0.8125rem] text-ink-2">
          {candidate.knownBy.length === 0 && <li>A browser only</li>}
          {candidate.knownBy.map((text) => (
            <li key={text} className="break-words">
              {text}
            </li>
          ))}
        </ul>
      </div>
      {children !== undefined && <div className="mt-auto pt-1">{children}</div>}
    </div>
  );
}
