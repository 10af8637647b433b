import type { Segment, SegmentMember } from '@growthos/contracts/http/segments.ts';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { Archive, Download, Ellipsis, Pencil, UserSearch, Workflow } from 'lucide-react';
import { useRef, useState } from 'react';
import { segmentExportUrl, useArchiveSegment, useSegment, useSegmentMembers } from '../api/segments.ts';
import { useMayEdit } from '../api/session.ts';
import { Button, buttonClass, IconButton } from '../design/button.tsx';
import { Card, SectionCard } from '../design/card.tsx';
import { Confirm } from '../design/confirm.tsx';
import { EmptyState } from '../design/empty-state.tsx';
import { Menu, MenuItem } from '../design/menu.tsx';
import { Notice } from '../design/notice.tsx';
import { Progress } from '../design/progress.tsx';
import { Table, Td, Th, Tr } from '../design/table.tsx';
import { TimeAgo } from '../design/time-ago.tsx';
import { toast } from '../design/toast.tsx';
import { Answer } from '../parts/answer.tsx';
import { ContactPicker } from '../parts/contact-picker.tsx';
import { Page } from '../parts/page.tsx';
import { Trend } from '../parts/segment/trend.tsx';
import { WhyDialog } from '../parts/segment/why-dialog.tsx';
import { useRowKeys } from '../parts/use-row-keys.ts';

const route = getRouteApi('/app/segments/$segmentId');

interface Person {
  readonly id: string;
  readonly name: string;
}

/** One segment: what it means, who is in it and why, and what can be done with them. */
export function SegmentPage() {
  const { segmentId } = route.useParams();
  const segment = useSegment(segmentId);
  const [asked, setAsked] = useState<Person | null>(null);
  const [isPicking, setPicking] = useState(false);
  return (
    <Page
      title={segment.data?.name ?? 'Segment'}
      says={segment.data?.description ?? undefined}
      actions={segment.data !== undefined && <Actions segment={segment.data} />}
    >
      <Answer query={segment}>
        {(data) => (
          <div className="space-y-5">
            <Summary segment={data} />
            <SectionCard
              title="Who is in it"
              bodyClassName="px-0 pb-0"
              action={
                <Button size="sm" onClick={() => setPicking(true)}>
                  <UserSearch aria-hidden /> Why is somebody not in?
                </Button>
              }
            >
              <Members id={data.id} asOf={`${data.status} ${data.memberCount}`} onWhy={setAsked} />
            </SectionCard>
          </div>
        )}
      </Answer>
      <ContactPicker
        open={isPicking}
        title="Whom do you miss, or not expect?"
        onClose={() => setPicking(false)}
        onPick={(contact) => {
          setPicking(false);
          setAsked(contact);
        }}
      />
      <WhyDialog
        contactId={asked?.id ?? null}
        contactName={asked?.name ?? ''}
        segmentId={segmentId}
        onClose={() => setAsked(null)}
      />
    </Page>
  );
}

function Actions({ segment }: { segment: Segment }) {
  const mayEdit = useMayEdit();
  const navigate = useNavigate();
  const archive = useArchiveSegment();
  const [isAsking, setAsking] = useState(false);
  return (
    <>
      <a href={segmentExportUrl(segment.id)} download className={buttonClass({})}>
        <Download aria-hidden /> Export CSV
      </a>
      {mayEdit && (
        <>
          <Link to="/segments/$segmentId/edit" params={{ segmentId: segment.id }} className={buttonClass({})}>
            <Pencil aria-hidden /> Edit
          </Link>
          <Link
            to="/sequences/new"
            search={{ segmentId: segment.id, segmentName: segment.name }}
            className={buttonClass({ look: 'primary' })}
          >
            <Workflow aria-hidden /> Start a sequence from this
          </Link>
          <Menu
            trigger={
              <IconButton label="More">
                <Ellipsis aria-hidden />
              </IconButton>
            }
          >
            <MenuItem danger onSelect={() => setAsking(true)}>
              <Archive aria-hidden /> Archive
            </MenuItem>
          </Menu>
          <Confirm
            open={isAsking}
            onClose={() => setAsking(false)}
            title={`Archive “${segment.name}”?`}
            action="Archive"
            danger
            busy={archive.isPending}
            error={archive.error?.message}
            onConfirm={() =>
              archive.mutate(segment.id, {
                onSuccess: () => {
                  toast('Archived.');
                  void navigate({ to: '/segments' });
                },
              })
            }
          >
            Nobody comes in or goes out any more, and sequences that start from it no longer start. What happened so far
            stays on everybody’s timeline.
          </Confirm>
        </>
      )}
    </>
  );
}

function Summary({ segment }: { segment: Segment }) {
  const { progress } = segment;
  return (
    <Card className="p-4">
      <div className="flex flex-wrap items-center gap-x-8 gap-y-3">
        <p>
          <span className="text-3xl font-semibold tracking-tight tabular-nums">
            {segment.memberCount.toLocaleString('en')}
          </span>{' '}
          <span className="text-ink-2">{segment.memberCount === 1 ? 'person' : 'people'} now</span>
        </p>
        <div className="flex items-center gap-2 text-[0.8125rem] text-ink-3">
          <Trend trend={segment.trend} memberCount={segment.memberCount} /> last 30 days
        </div>
      </div>
      <p className="mt-3 border-t pt-3">{segment.sentence}</p>
      {segment.status === 'computing' && (
        <div className="mt-3">
          <p className="mb-1 text-[0.8125rem] text-ink-2">
            Finding its people. Until that is done, the old definition counts.
          </p>
          <Progress
            fraction={progress === null || progress.total === 0 ? null : progress.done / progress.total}
            label="Finding its people"
          />
        </div>
      )}
      {segment.status === 'archived' && (
        <Notice tone="warn" className="mt-3">
          This segment is archived: nobody comes in or goes out.
        </Notice>
      )}
      {segment.usedBy.length > 0 && (
        <p className="mt-3 text-[0.8125rem] text-ink-3">
          Used by:{' '}
          {segment.usedBy.map((one, index) => (
            <span key={one.id}>
              {index > 0 && ', '}
              <Link
                to="/segments/$segmentId"
                params={{ segmentId: one.id }}
                className="text-ink-2 underline underline-offset-2"
              >
                {one.name}
              </Link>
            </span>
          ))}
        </p>
      )}
    </Card>
  );
}

const nameOf = (member: SegmentMember): string => member.name ?? member.email ?? 'Unknown person';

interface MembersProps {
  readonly id: string;
  readonly asOf: string;
  readonly onWhy: (person: Person) => void;
}

function Members({ id, asOf, onWhy }: MembersProps) {
  const members = useSegmentMembers(id, asOf);
  const body = useRef<HTMLDivElement>(null);
  useRowKeys(body);
  return (
    <Answer query={members} skeleton={<p className="p-4 text-ink-2">Loading…</p>}>
      {({ pages }) => {
        const rows = pages.flatMap((page) => page.members);
        if (rows.length === 0) {
          return (
            <EmptyState title="Nobody at the moment">
              People come in by themselves as soon as all of it is true for them.
            </EmptyState>
          );
        }
        return (
          <div ref={body}>
            <Table
              caption="People in this segment"
              head={
                <>
                  <Th>Person</Th>
                  <Th>Billing</Th>
                  <Th>Plan</Th>
                  <Th>In since</Th>
                  <Th>Leaves by time</Th>
                  <Th>
                    <span className="sr-only">Why</span>
                  </Th>
                </>
              }
            >
              {rows.map((member) => (
                <Tr key={member.contactId} data-row>
                  <Td className="min-w-44">
                    <Link
                      to="/contacts/$contactId"
                      params={{ contactId: member.contactId }}
                      className="font-medium underline-offset-2 hover:underline"
                    >
                      {nameOf(member)}
                    </Link>
                    {member.name !== null && member.email !== null && (
                      <span className="block text-[0.8125rem] text-ink-3">{member.email}</span>
                    )}
                  </Td>
                  <Td label="Billing" className="whitespace-nowrap [&>span]:first-letter:uppercase">
                    {member.billingStatus.replaceAll('_', ' ')}
                  </Td>
                  <Td label="Plan" className="whitespace-nowrap">
                    {member.planName ?? '–'}
                  </Td>
                  <Td label="In since" className="whitespace-nowrap">
                    <TimeAgo at={member.since} />
                  </Td>
                  <Td label="Leaves by time" className="whitespace-nowrap">
                    {member.nextFlipAt === null ? '–' : <TimeAgo at={member.nextFlipAt} />}
                  </Td>
                  <Td>
                    <Button
                      size="sm"
                      look="quiet"
                      aria-label={`Why is ${nameOf(member)} in?`}
                      onClick={() => onWhy({ id: member.contactId, name: nameOf(member) })}
                    >
                      Why?
                    </Button>
                  </Td>
                </Tr>
              ))}
            </Table>
            {members.hasNextPage && (
              <div className="border-t p-3 text-center">
                <Button busy={members.isFetchingNextPage} onClick={() => void members.fetchNextPage()}>
                  Show more
                </Button>
              </div>
            )}
          </div>
        );
      }}
    </Answer>
  );
}
