import { getRouteApi, useNavigate, useRouter } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useCreateSequence } from '../api/sequences.ts';
import { toast } from '../design/toast.tsx';
import { Page } from '../parts/page.tsx';
import { SequenceEditor } from '../parts/sequence/sequence-editor.tsx';
import { freshSequence } from '../parts/sequence/step-words.ts';

const route = getRouteApi('/app/sequences/new');

/** A new sequence, from nothing or for the people of a segment. It is saved as a draft. */
export function SequenceNewPage() {
  const { segmentId, segmentName } = route.useSearch();
  const create = useCreateSequence();
  const navigate = useNavigate();
  const router = useRouter();
  const start = useMemo(() => freshSequence({ segment: segmentId, segmentName }), [segmentId, segmentName]);
  return (
    <Page wide title="New sequence" says="It is saved as a draft: nothing is sent before you switch it on.">
      <SequenceEditor
        start={start}
        action="Save as a draft"
        isBusy={create.isPending}
        error={create.error}
        onCancel={() => router.history.back()}
        onSave={(definition) =>
          create.mutate(definition, {
            onSuccess: (row) => {
              toast(`“${row.name}” is saved as a draft.`);
              void navigate({ to: '/sequences/$sequenceId', params: { sequenceId: row.id }, replace: true });
            },
          })
        }
      />
    </Page>
  );
}
