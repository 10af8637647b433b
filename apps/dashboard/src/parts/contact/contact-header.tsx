import type { ContactPage } from '@growthos/contracts/http/contact-page.ts';
import { Link } from '@tanstack/react-router';
import { Activity, ChevronRight, ExternalLink, Megaphone } from 'lucide-react';
import { buttonClass } from '../../design/button.tsx';
import { cn } from '../../design/cn.ts';
import { CopyButton } from '../../design/copy-button.tsx';
import { ICON_OF, TONE_OF } from '../../design/server-tone.ts';
import { TONE_SOFT, TONE_TEXT } from '../../design/tone.ts';
import { Avatar } from '../avatar.tsx';
import { BillingStatusBadge } from '../billing-status.tsx';
import { ContactMenu } from './contact-menu.tsx';

/** Who it is, and what matters about them now in one sentence. */
export function ContactHeader({ contact }: { contact: ContactPage }) {
  const { billing, about, acquisition } = contact;
  const stripe = contact.identities.filter((one) => one.kind === 'stripe_customer' && one.url !== null);
  return (
    <header className="mb-5">
      <nav aria-label="Breadcrumb" className="mb-2.5 flex items-center gap-1 text-[0.8125rem] text-ink-3">
        <Link to="/contacts" className="underline-offset-2 hover:underline">
          Contacts
        </Link>
        <ChevronRight className="size-3.5" aria-hidden />
        <span className="truncate">{contact.name}</span>
      </nav>
      <div className="flex flex-wrap items-start justify-between gap-4">
        <div className="flex min-w-0 gap-3.5">
          <Avatar name={contact.name} size="lg" />
          <div className="min-w-0">
            <h1 className="text-xl font-semibold tracking-tight">{contact.name}</h1>
            <div className="flex flex-wrap items-center gap-x-3 text-ink-2">
              {contact.email !== null && (
                <span className="flex min-w-0 items-center gap-0.5">
                  <span className="min-w-0 break-all">{contact.email}</span>
                  <CopyButton text={contact.email} what="e-mail address" />
                </span>
              )}
              {contact.companies.map((company) => (
                <Link
                  key={company.id}
                  to="/contacts"
                  search={{ companyId: company.id }}
                  className="underline decoration-line-strong/50 underline-offset-2"
                >
                  {company.name}
                  {company.role !== null && ` (${company.role})`}
                </Link>
              ))}
            </div>
            <ul className="mt-1.5 flex flex-wrap items-center gap-x-3 gap-y-1.5">
              <li>
                <BillingStatusBadge status={billing.status} label={billing.statusLabel} />
              </li>
              {billing.planName !== null && <li>{billing.planName}</li>}
              <li className="flex items-center gap-1 text-ink-2">
                <Activity className="size-4" aria-hidden />
                {about.engagementScore === null ? 'No product data yet' : `Engagement ${about.engagementScore} of 100`}
              </li>
              {acquisition.channel !== null && (
                <li className="flex items-center gap-1 text-ink-2">
                  <Megaphone className="size-4" aria-hidden />
                  Came by {acquisition.channel}
                </li>
              )}
            </ul>
          </div>
        </div>
        <div className="flex flex-wrap items-center gap-2">
          {stripe.map((one) => (
            <a key={one.value} href={one.url ?? ''} target="_blank" rel="noreferrer" className={buttonClass({})}>
              <ExternalLink aria-hidden /> Open in Stripe
            </a>
          ))}
          <ContactMenu contact={contact} />
        </div>
      </div>
      <Sentences sentences={contact.sentences} />
    </header>
  );
}

function Sentences({ sentences: [first, ...others] }: { sentences: ContactPage['sentences'] }) {
  if (first === undefined) return null;
  const Icon = ICON_OF[first.tone];
  return (
    <div className={cn('mt-4 rounded-xl px-4 py-3', TONE_SOFT[TONE_OF[first.tone]])} aria-live="polite">
      <p className="flex gap-2.5 text-base font-medium">
        <Icon className="mt-0.5 size-5 shrink-0" aria-hidden />
        <span className="min-w-0">{first.text}</span>
      </p>
      {others.length > 0 && (
        <ul className="mt-1.5 space-y-1 pl-7.5">
          {others.map((one) => (
            <li key={one.text} className={TONE_TEXT[TONE_OF[one.tone]]}>
              {one.text}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
