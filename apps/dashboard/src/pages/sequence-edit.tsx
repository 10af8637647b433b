import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useSaveSequence, useSequence } from '../api/sequences.ts';
import { Notice } from '../design/notice.tsx';
import { toast } from '../design/toast.tsx';
import { Answer } from '../parts/answer.tsx';
import { Page } from '../parts/page.tsx';
import { SequenceEditor } from '../parts/sequence/sequence-editor.tsx';

const route = getRouteApi('/app/sequences/$sequenceId/edit');

/** Editing a sequence. What is live stays as it is until the changes are published on its page. */
export function SequenceEditPage() {
  const { sequenceId } = route.useParams();
  const sequence = useSequence(sequenceId);
  const save = useSaveSequence(sequenceId);
  const navigate = useNavigate();
  const goBack = () => void navigate({ to: '/sequences/$sequenceId', params: { sequenceId } });
  return (
    <Page wide title={sequence.data === undefined ? 'Edit sequence' : `Edit “${sequence.data.name}”`}>
      <Answer query={sequence}>
        {(data) => (
          <>
            {data.status === 'live' && (
              <Notice className="mb-5">
                This sequence is live. Saving changes nothing for the {data.counts.active.toLocaleString('en')} people
                in it; on its page you see what publishing would do, and publish.
              </Notice>
            )}
            <SequenceEditor
              key={data.version}
              start={data.definition}
              action={data.status === 'draft' ? 'Save' : 'Save without publishing'}
              isBusy={save.isPending}
              error={save.error}
              onCancel={goBack}
              onSave={(definition) =>
                save.mutate(
                  { definition },
                  {
                    onSuccess: () => {
                      toast('Saved.');
                      goBack();
                    },
                  },
                )
              }
            />
          </>
        )}
      </Answer>
    </Page>
  );
}
