import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useSegment, useUpdateSegment } from '../api/segments.ts';
import { Card } from '../design/card.tsx';
import { Switch } from '../design/switch.tsx';
import { toast } from '../design/toast.tsx';
import { Answer } from '../parts/answer.tsx';
import { Page } from '../parts/page.tsx';
import { SegmentForm } from '../parts/segment/segment-form.tsx';

const route = getRouteApi('/app/segments/$segmentId/edit');

/** Changing a segment: the old one stays in force until the people of the new one are found. */
export function SegmentEditPage() {
  const { segmentId } = route.useParams();
  const segment = useSegment(segmentId);
  const update = useUpdateSegment(segmentId);
  const navigate = useNavigate();
  const [doPublish, setPublish] = useState(false);
  const goBack = () => void navigate({ to: '/segments/$segmentId', params: { segmentId } });
  return (
    <Page wide title={segment.data === undefined ? 'Edit segment' : `Edit “${segment.data.name}”`}>
      <Answer query={segment}>
        {(data) => (
          <SegmentForm
            start={{
              name: data.name,
              description: data.description ?? '',
              definition: data.nextDefinition ?? data.definition,
            }}
            action="Save the changes"
            isBusy={update.isPending}
            error={update.error}
            onCancel={goBack}
            onSave={({ name, description, definition }) =>
              update.mutate(
                {
                  name,
                  description: description === '' ? null : description,
                  definition,
                  publishTransitions: doPublish,
                },
                {
                  onSuccess: () => {
                    toast('Saved. Its people are being found.');
                    goBack();
                  },
                },
              )
            }
            more={
              <Card className="p-4">
                <Switch
                  checked={doPublish}
                  onChange={setPublish}
                  label="People who come in by this edit start sequences"
                  says="Off is the careful choice: nobody gets a message only because you edited a segment."
                />
              </Card>
            }
          />
        )}
      </Answer>
    </Page>
  );
}
