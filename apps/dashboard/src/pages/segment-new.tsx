import { EVERYBODY_DEFINITION } from '../parts/segment/everybody.ts';
import { useLocation, useNavigate, useRouter } from '@tanstack/react-router';
import { useCreateSegment } from '../api/segments.ts';
import { toast } from '../design/toast.tsx';
import { Page } from '../parts/page.tsx';
import { SegmentForm } from '../parts/segment/segment-form.tsx';

/** A new segment, from nothing or from what another page handed over. */
export function SegmentNewPage() {
  const draft = useLocation({ select: (location) => location.state.segmentDraft });
  const create = useCreateSegment();
  const navigate = useNavigate();
  const router = useRouter();
  return (
    <Page
      wide
      title="New segment"
      says="Say what should be true about people. On the right you see at once who that is."
    >
      <SegmentForm
        start={draft ?? { name: '', description: '', definition: EVERYBODY_DEFINITION }}
        action="Save the segment"
        isBusy={create.isPending}
        error={create.error}
        onCancel={() => router.history.back()}
        onSave={({ name, description, definition }) =>
          create.mutate(
            { name, description: description === '' ? null : description, definition },
            {
              onSuccess: (segment) => {
                toast(`“${segment.name}” is saved and on.`);
                void navigate({ to: '/segments/$segmentId', params: { segmentId: segment.id }, replace: true });
              },
            },
          )
        }
      />
    </Page>
  );
}
