import { RotateCcw } from 'lucide-react';
import { useState } from 'react';
import { useAskReplay, useReplays } from '../../api/replays.ts';
import { Button } from '../../design/button.tsx';
import { Field, Select } from '../../design/field.tsx';
import { toast } from '../../design/toast.tsx';

/** One event once more, to one part of GrowthOS. For those who may. */
export function ReplayOne({ eventId }: { eventId: string }) {
  const listeners = useReplays().data?.listeners ?? [];
  const ask = useAskReplay();
  const [chosen, setChosen] = useState<string | null>(null);
  const name = chosen ?? listeners[0]?.name;
  const says = listeners.find((listener) => listener.name === name)?.says;
  if (name === undefined) return null;
  return (
    <form
      className="flex flex-wrap items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        ask.mutate(
          { listener: name, eventIds: [eventId] },
          {
            onSuccess: ({ handledCount }) =>
              toast(handledCount === 0 ? 'It has not been told at all yet: its turn comes.' : 'It was told again.'),
            onError: (error) => toast(error.message, 'bad'),
          },
        );
      }}
    >
      <Field label="Tell this event again to" hint={says} className="basis-full">
        {(ids) => (
          <Select {...ids} value={name} onChange={(event) => setChosen(event.target.value)}>
            {listeners.map((listener) => (
              <option key={listener.name} value={listener.name}>
                {listener.title}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Button type="submit" busy={ask.isPending}>
        <RotateCcw aria-hidden /> Tell again
      </Button>
    </form>
  );
}
