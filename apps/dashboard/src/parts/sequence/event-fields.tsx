import type { AwaitedEvent } from '@growthos/contracts/sequence/step.ts';
import type { FilterCatalogue } from '@growthos/contracts/http/segments.ts';
import { useId } from 'react';
import { useFilterCatalogue } from '../../api/segments.ts';
import { Field, Input, Select } from '../../design/field.tsx';
import { PayloadTests } from './payload-tests.tsx';

/** What the catalogue knows of an event. */
export function useKnownEvent(type: string): FilterCatalogue['events'][number] | undefined {
  return useFilterCatalogue().data?.events.find((one) => one.event === type);
}

interface EventTypeProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (type: string) => void;
}

/** An event by name, with all that the workspace knows as suggestions and what it means below. */
export function EventTypeField({ label, value, onChange }: EventTypeProps) {
  const { data } = useFilterCatalogue();
  const known = useKnownEvent(value);
  const listId = useId();
  return (
    <Field label={label} hint={known?.says}>
      {(ids) => (
        <>
          <Input {...ids} list={listId} required value={value} onChange={(event) => onChange(event.target.value)} />
          <datalist id={listId}>
            {data?.events.map((one) => (
              <option key={one.event} value={one.event}>
                {one.says}
              </option>
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}

const SAME = [
  ['', 'any (of the same person)'],
  ['invoice_id', 'the same invoice'],
  ['subscription_id', 'the same subscription'],
  ['customer_id', 'the same Stripe customer'],
] as const;

interface AwaitedProps {
  readonly label: string;
  readonly value: AwaitedEvent;
  readonly onChange: (value: AwaitedEvent) => void;
}

/** An event that is waited for, tied to the invoice or subscription that started it all. */
export function AwaitedEventFields({ label, value, onChange }: AwaitedProps) {
  const known = useKnownEvent(value.type);
  const [match] = value.match;
  const same = match !== undefined && match.field === match.equals ? match.field : '';
  return (
    <div className="space-y-3">
      <EventTypeField label={label} value={value.type} onChange={(type) => onChange({ ...value, type })} />
      <Field label="It must be about">
        {(ids) => (
          <Select
            {...ids}
            className="w-auto max-w-full"
            value={same}
            onChange={(event) =>
              onChange({
                ...value,
                match: event.target.value === '' ? [] : [{ field: event.target.value, equals: event.target.value }],
              })
            }
          >
            {SAME.map(([field, words]) => (
              <option key={field} value={field}>
                {words}
              </option>
            ))}
            {same !== '' && !SAME.some(([field]) => field === same) && <option value={same}>the same {same}</option>}
          </Select>
        )}
      </Field>
      <PayloadTests
        tests={value.where}
        fields={known?.fields ?? []}
        onChange={(where) => onChange({ ...value, where })}
      />
    </div>
  );
}
