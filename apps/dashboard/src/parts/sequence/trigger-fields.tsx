import type { Trigger } from '@growthos/contracts/sequence/definition.ts';
import { useSegments } from '../../api/segments.ts';
import { Field, Select } from '../../design/field.tsx';
import { ConditionFields } from './condition-fields.tsx';
import { DatePropertyField } from './date-property-field.tsx';
import { EventTypeField, useKnownEvent } from './event-fields.tsx';
import { PayloadTests } from './payload-tests.tsx';
import { OffsetFields } from './time-fields.tsx';

interface TriggerProps<T extends Trigger = Trigger> {
  readonly trigger: T;
  readonly onChange: (trigger: Trigger) => void;
}

/** What brings somebody into the sequence. */
export function TriggerFields({ trigger, onChange }: TriggerProps) {
  const choose = (kind: string) => {
    if (kind === 'event') onChange({ kind, type: 'trial_started', where: [] });
    else if (kind === 'date') onChange({ kind, property: 'trial_end_date', offset: { days: -3 } });
    else onChange({ kind: 'segment', on: 'entered', segment: '' });
  };
  return (
    <div className="space-y-4">
      <Field label="What starts it">
        {(ids) => (
          <Select
            {...ids}
            className="w-auto max-w-full"
            value={trigger.kind}
            onChange={(event) => choose(event.target.value)}
          >
            <option value="event">Something happens</option>
            <option value="segment">Somebody comes into a segment, or leaves it</option>
            <option value="date">A date comes near</option>
          </Select>
        )}
      </Field>
      {trigger.kind === 'event' && <EventTrigger trigger={trigger} onChange={onChange} />}
      {trigger.kind === 'segment' && <SegmentTrigger trigger={trigger} onChange={onChange} />}
      {trigger.kind === 'date' && <DateTrigger trigger={trigger} onChange={onChange} />}
    </div>
  );
}

function EventTrigger({ trigger, onChange }: TriggerProps<Extract<Trigger, { kind: 'event' }>>) {
  const known = useKnownEvent(trigger.type);
  return (
    <>
      <EventTypeField label="Which event" value={trigger.type} onChange={(type) => onChange({ ...trigger, type })} />
      <PayloadTests
        tests={trigger.where}
        fields={known?.fields ?? []}
        onChange={(where) => onChange({ ...trigger, where })}
      />
      <ConditionFields
        label="For whom"
        value={trigger.contact}
        fields={known?.fields ?? []}
        onChange={(contact) => onChange({ ...trigger, contact })}
      />
    </>
  );
}

function SegmentTrigger({ trigger, onChange }: TriggerProps<Extract<Trigger, { kind: 'segment' }>>) {
  const segments = useSegments().data?.segments.filter((one) => one.status !== 'archived') ?? [];
  const isKnown = segments.some((one) => one.id === trigger.segment || one.key === trigger.segment);
  return (
    <div className="flex flex-wrap items-end gap-3">
      <Field label="When somebody">
        {(ids) => (
          <Select
            {...ids}
            className="w-auto"
            value={trigger.on}
            onChange={(event) => onChange({ ...trigger, on: event.target.value === 'left' ? 'left' : 'entered' })}
          >
            <option value="entered">comes into</option>
            <option value="left">leaves</option>
          </Select>
        )}
      </Field>
      <Field label="the segment" className="flex-1">
        {(ids) => (
          <Select
            {...ids}
            required
            value={trigger.segment}
            onChange={(event) => onChange({ ...trigger, segment: event.target.value })}
          >
            {!isKnown && (
              <option value={trigger.segment}>{trigger.segment === '' ? 'Choose a segment' : trigger.segment}</option>
            )}
            {segments.map((one) => (
              <option key={one.id} value={one.key === trigger.segment ? one.key : one.id}>
                {one.name} ({one.memberCount.toLocaleString('en')} now)
              </option>
            ))}
          </Select>
        )}
      </Field>
    </div>
  );
}

function DateTrigger({ trigger, onChange }: TriggerProps<Extract<Trigger, { kind: 'date' }>>) {
  return (
    <>
      <DatePropertyField value={trigger.property} onChange={(property) => onChange({ ...trigger, property })} />
      <OffsetFields value={trigger.offset} onChange={(offset) => onChange({ ...trigger, offset })} />
      <ConditionFields
        label="For whom"
        value={trigger.contact}
        fields={[]}
        onChange={(contact) => onChange({ ...trigger, contact })}
      />
    </>
  );
}
