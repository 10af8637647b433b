import { getRouteApi, Navigate } from '@tanstack/react-router';
import { useContact } from '../api/contacts.ts';
import { Skeleton } from '../design/skeleton.tsx';
import { Answer } from '../parts/answer.tsx';
import { AboutPanel } from '../parts/contact/about-panel.tsx';
import { BillingPanel } from '../parts/contact/billing-panel.tsx';
import { ContactHeader } from '../parts/contact/contact-header.tsx';
import { MergedPeople } from '../parts/contact/merge-person.tsx';
import { SegmentMemberships, SequenceMemberships } from '../parts/contact/memberships.tsx';
import { ContactTimeline } from '../parts/contact/timeline.tsx';
import { Page } from '../parts/page.tsx';

const route = getRouteApi('/app/contacts/$contactId');

/** One person on one page: what matters now, billing, one timeline of past and coming, segments and sequences. */
export function ContactPage() {
  const { contactId } = route.useParams();
  const contact = useContact(contactId);
  return (
    <Page wide title={contact.data?.name ?? 'Contact'} bare>
      <Answer query={contact} skeleton={<ContactSkeleton />}>
        {(data) => {
          if (data.id !== contactId)
            return <Navigate to="/contacts/$contactId" params={{ contactId: data.id }} replace />;
          return (
            <>
              <ContactHeader contact={data} />
              <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 lg:grid-cols-[minmax(0,1fr)_20rem] lg:grid-rows-[auto_1fr] xl:grid-cols-[minmax(0,1fr)_22rem] 2xl:grid-cols-[18rem_minmax(0,1fr)_22rem] 2xl:grid-rows-none">
                <div className="space-y-5 lg:col-start-2 lg:row-start-1 2xl:col-start-3">
                  <BillingPanel contact={data} />
                  <SequenceMemberships contact={data} />
                  <SegmentMemberships contact={data} />
                </div>
                <div className="min-w-0 lg:col-start-1 lg:row-span-2 lg:row-start-1 2xl:col-start-2 2xl:row-span-1">
                  <ContactTimeline contactId={data.id} />
                </div>
                <div className="space-y-5 lg:col-start-2 lg:row-start-2 2xl:col-start-1 2xl:row-start-1">
                  <AboutPanel contact={data} />
                  <MergedPeople contact={data} />
                </div>
              </div>
            </>
          );
        }}
      </Answer>
    </Page>
  );
}

function ContactSkeleton() {
  return (
    <div role="status" className="space-y-5">
      <span className="sr-only">Loading</span>
      <Skeleton className="h-16 w-72" />
      <Skeleton className="h-14" />
      <div className="grid gap-5 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <Skeleton className="h-96" />
        <Skeleton className="h-96" />
      </div>
    </div>
  );
}
