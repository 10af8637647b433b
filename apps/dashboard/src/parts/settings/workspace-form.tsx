import type { Settings } from '@growthos/contracts/http/settings.ts';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { useSaveSettings } from '../../api/settings.ts';
import { Button } from '../../design/button.tsx';
import { SectionCard } from '../../design/card.tsx';
import { Field, Input } from '../../design/field.tsx';
import { toast } from '../../design/toast.tsx';

/** Name and time zone of the workspace: quiet hours and days are counted in it. */
export function WorkspaceForm({ settings }: { settings: Settings }) {
  const [name, setName] = useState(settings.workspace.name);
  const [timezone, setTimezone] = useState(settings.workspace.timezone);
  const save = useSaveSettings('workspace');
  const client = useQueryClient();
  const listId = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(
      { name, timezone },
      {
        onSuccess: () => {
          toast('Saved.');
          void client.invalidateQueries({ queryKey: ['session'] });
        },
      },
    );
  };
  return (
    <SectionCard title="Workspace">
      <form onSubmit={submit} className="max-w-md space-y-4">
        <Field label="Name">
          {(ids) => (
            <Input
              {...ids}
              required
              maxLength={120}
              disabled={!settings.canEdit}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <Field
          label="Time zone"
          hint="Days are counted in it, and quiet hours where a person’s own zone is not known."
          error={save.error?.message}
        >
          {(ids) => (
            <>
              <Input
                {...ids}
                required
                list={listId}
                disabled={!settings.canEdit}
                value={timezone}
                onChange={(event) => setTimezone(event.target.value)}
              />
              <datalist id={listId}>
                {Intl.supportedValuesOf('timeZone').map((zone) => (
                  <option key={zone} value={zone} />
                ))}
              </datalist>
            </>
          )}
        </Field>
        {settings.canEdit && (
          <Button type="submit" look="primary" busy={save.isPending}>
            Save
          </Button>
        )}
      </form>
    </SectionCard>
  );
}
