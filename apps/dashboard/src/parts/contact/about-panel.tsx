import type { ContactPage } from '@growthos/contracts/http/contact-page.ts';
import { ExternalLink } from 'lucide-react';
import { useState } from 'react';
import { SectionCard } from '../../design/card.tsx';
import { Input } from '../../design/field.tsx';
import { DayTime, TimeAgo } from '../../design/time-ago.tsx';
import { type Fact, Facts } from '../facts.tsx';

type Touch = NonNullable<ContactPage['acquisition']['firstTouch']>;
const TRAITS_SEARCH_FROM = 8;

/** Who the person is: what your app and Stripe said, where they came from, and how the pieces were joined. */
export function AboutPanel({ contact }: { contact: ContactPage }) {
  return (
    <>
      <SectionCard title="About">
        <Facts stacked facts={aboutFacts(contact)} />
      </SectionCard>
      <Traits traits={contact.traits} />
      <Acquisition acquisition={contact.acquisition} />
      <Identity contact={contact} />
    </>
  );
}

function aboutFacts({ about }: ContactPage): Fact[] {
  const text = (label: string, value: string | number | null): Fact[] =>
    value === null ? [] : [[label, String(value)]];
  return [
    ...text('User ID', about.userId),
    ['Known since', <DayTime key="since" at={about.createdAt} />],
    ['Last seen', about.lastSeenAt === null ? 'Never by the snippet' : <TimeAgo key="seen" at={about.lastSeenAt} />],
    ['Engagement', about.engagementScore === null ? 'No product data yet' : `${about.engagementScore} of 100`],
    ...text('NPS answer', about.npsScore === null ? null : `${about.npsScore} of 10`),
    ...text('Country', about.country),
    ...text('Time zone', about.timezone),
    ...text('Language', about.locale),
  ];
}

function shown(value: unknown): string {
  if (value === null || value === undefined || value === '') return 'empty';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value);
}

function Traits({ traits }: { traits: ContactPage['traits'] }) {
  const [search, setSearch] = useState('');
  if (traits.length === 0) return null;
  const found = traits.filter((trait) => trait.name.toLowerCase().includes(search.toLowerCase()));
  return (
    <SectionCard title="Traits" says="What your app says about this person.">
      {traits.length >= TRAITS_SEARCH_FROM && (
        <Input
          type="search"
          aria-label="Search traits"
          placeholder="Search traits"
          className="mb-3"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      )}
      <Facts stacked facts={found.map((trait) => [trait.name, shown(trait.value)])} />
    </SectionCard>
  );
}

function touchFacts(touch: Touch): Fact[] {
  const all: (readonly [string, string | null])[] = [
    ['Source', touch.source],
    ['Medium', touch.medium],
    ['Campaign', touch.campaign],
    ['Term', touch.term],
    ['Content', touch.content],
    ['Referred by', touch.referrerDomain],
    ['Landed on', touch.landingPage],
  ];
  const told = all.filter((fact): fact is readonly [string, string] => fact[1] !== null);
  return touch.at === null ? told : [['When', <DayTime key="at" at={touch.at} />], ...told];
}

function Acquisition({ acquisition }: { acquisition: ContactPage['acquisition'] }) {
  const { channel, firstTouch, lastTouchBeforePayment } = acquisition;
  return (
    <SectionCard
      title="Where they came from"
      says={channel === null ? 'Not known: first seen through Stripe.' : `Channel: ${channel}`}
    >
      {firstTouch !== null && (
        <>
          <h3 className="mb-1.5 text-[0.8125rem] font-semibold">
            {firstTouch.isFromStripe ? 'As noted in Stripe' : 'First visit'}
          </h3>
          {firstTouch.isFromStripe && (
            <p className="mb-1.5 text-ink-2">
              No visit was seen; this stands in the metadata of the customer in Stripe.
            </p>
          )}
          <Facts stacked facts={touchFacts(firstTouch)} />
        </>
      )}
      {lastTouchBeforePayment !== null && (
        <>
          <h3 className="mt-4 mb-1.5 text-[0.8125rem] font-semibold">Last visit before paying</h3>
          <Facts stacked facts={touchFacts(lastTouchBeforePayment)} />
        </>
      )}
      {firstTouch === null && lastTouchBeforePayment === null && channel !== null && (
        <p className="text-ink-2">No visit is recorded.</p>
      )}
    </SectionCard>
  );
}

function Identity({ contact }: { contact: ContactPage }) {
  return (
    <SectionCard title="Identity" says="How this person was recognised.">
      <ul className="divide-y">
        {contact.identities.map((one) => (
          <li key={`${one.kind}:${one.value}`} className="py-2 first:pt-0 last:pb-0">
            <p className="text-[0.8125rem] text-ink-3">{one.label}</p>
            <p className="break-all">
              {one.url === null ? (
                one.value
              ) : (
                <a
                  href={one.url}
                  target="_blank"
                  rel="noreferrer"
                  className="underline decoration-line-strong/50 underline-offset-2"
                >
                  {one.value} <ExternalLink className="inline size-3.5" aria-label="in Stripe" />
                </a>
              )}
            </p>
            <p className="text-[0.8125rem] text-ink-3">
              <TimeAgo at={one.linkedAt} />: {one.linkedBy}
            </p>
          </li>
        ))}
      </ul>
      {contact.companies.map((company) => (
        <p key={company.id} className="mt-3 border-t pt-3 text-[0.8125rem] text-ink-2">
          {company.name}: {company.memberCount} {company.memberCount === 1 ? 'person' : 'people'} known
          {company.domain !== null && `, ${company.domain}`}
          {company.stripeCustomer !== null && `, Stripe customer ${company.stripeCustomer}`}
        </p>
      ))}
    </SectionCard>
  );
}
