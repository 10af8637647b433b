import type { Step } from '@growthos/contracts/sequence/step.ts';
import { useTeamDestinations, useWebhookEndpoints } from '../../api/sequences.ts';
import { Field, Input, Select, TextArea } from '../../design/field.tsx';
import { Switch } from '../../design/switch.tsx';
import { DatePropertyField } from './date-property-field.tsx';
import { AwaitedEventFields } from './event-fields.tsx';
import { EmailFields } from './email-fields.tsx';
import { DurationFields, OffsetFields, WindowFields } from './time-fields.tsx';

interface StepFieldsProps<T extends Step = Step> {
  readonly step: T;
  readonly onChange: (step: Step) => void;
}
type Of<K extends Step['kind']> = Extract<Step, { kind: K }>;

/** What can be said about a step, by its kind. What is inside a branch is edited in the list itself. */
export function StepFields({ step, onChange }: StepFieldsProps) {
  switch (step.kind) {
    case 'email':
      return <EmailFields step={step} onChange={onChange} />;
    case 'in_app':
      return <InAppFields step={step} onChange={onChange} />;
    case 'notify_team':
      return <NotifyFields step={step} onChange={onChange} />;
    case 'wait_for':
      return <WaitForFields step={step} onChange={onChange} />;
    case 'wait_until':
      return <WaitUntilFields step={step} onChange={onChange} />;
    case 'wait_for_event':
      return (
        <div className="space-y-4">
          <AwaitedEventFields
            label="What must happen"
            value={step.event}
            onChange={(event) => onChange({ ...step, event })}
          />
          <DurationFields
            label="Wait at most"
            value={step.timeout}
            onChange={(timeout) => onChange({ ...step, timeout })}
          />
        </div>
      );
    case 'set_property':
      return <SetPropertyFields step={step} onChange={onChange} />;
    case 'webhook':
      return <WebhookFields step={step} onChange={onChange} />;
    case 'branch':
    case 'split':
    case 'exit':
      return null;
  }
}

const STYLES = [
  ['banner', 'Banner at the top'],
  ['card', 'Card in the corner'],
  ['dialog', 'Dialog in the middle'],
  ['confetti', 'Confetti, with a card'],
] as const;

function InAppFields({ step, onChange }: StepFieldsProps<Of<'in_app'>>) {
  const { content } = step;
  const set = (next: Partial<typeof content>) => onChange({ ...step, content: { ...content, ...next } });
  const setCta = (cta: { label: string; url: string } | undefined) => {
    const { cta: _, ...rest } = content;
    onChange({ ...step, content: cta === undefined ? rest : { ...rest, cta } });
  };
  return (
    <div className="space-y-4">
      <Field label="How it looks">
        {(ids) => (
          <Select
            {...ids}
            className="w-auto"
            value={content.style}
            onChange={(event) => set({ style: STYLES.find(([value]) => value === event.target.value)?.[0] ?? 'card' })}
          >
            {STYLES.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label="Title">
        {(ids) => (
          <Input
            {...ids}
            required
            maxLength={200}
            value={content.title}
            onChange={(event) => set({ title: event.target.value })}
          />
        )}
      </Field>
      <Field label="Text (optional)">
        {(ids) => (
          <TextArea
            {...ids}
            maxLength={1000}
            value={content.body}
            onChange={(event) => set({ body: event.target.value })}
          />
        )}
      </Field>
      <Switch
        checked={content.cta !== undefined}
        onChange={(isOn) => setCta(isOn ? { label: 'Open', url: 'https://' } : undefined)}
        label="A button"
      />
      {content.cta !== undefined && (
        <div className="grid gap-3 sm:grid-cols-2">
          <Field label="Words on it">
            {(ids) => (
              <Input
                {...ids}
                required
                value={content.cta?.label}
                onChange={(event) => content.cta !== undefined && setCta({ ...content.cta, label: event.target.value })}
              />
            )}
          </Field>
          <Field label="Where it leads">
            {(ids) => (
              <Input
                {...ids}
                required
                value={content.cta?.url}
                onChange={(event) => content.cta !== undefined && setCta({ ...content.cta, url: event.target.value })}
              />
            )}
          </Field>
        </div>
      )}
      <Switch
        checked={content.canSnooze}
        onChange={(canSnooze) => set({ canSnooze })}
        label="May be put off"
        says="“Remind me later” beside closing it."
      />
      <DurationFields
        label="Shown for at most"
        value={step.expiresAfter}
        onChange={(expiresAfter) => onChange({ ...step, expiresAfter })}
      />
    </div>
  );
}

function NotifyFields({ step, onChange }: StepFieldsProps<Of<'notify_team'>>) {
  const { data } = useTeamDestinations();
  return (
    <div className="space-y-4">
      <Field label="To" hint="More destinations can be added in Settings, under Sending.">
        {(ids) => (
          <Select
            {...ids}
            className="w-auto max-w-full"
            value={step.destination}
            onChange={(event) => onChange({ ...step, destination: event.target.value })}
          >
            <option value="founder">The founder’s e-mail</option>
            {data?.rows.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name} ({one.shown})
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label="Title">
        {(ids) => (
          <Input
            {...ids}
            required
            maxLength={300}
            value={step.title}
            onChange={(event) => onChange({ ...step, title: event.target.value })}
          />
        )}
      </Field>
      <Field label="Text">
        {(ids) => (
          <TextArea
            {...ids}
            required
            value={step.text}
            onChange={(event) => onChange({ ...step, text: event.target.value })}
          />
        )}
      </Field>
    </div>
  );
}

const OFFICE_HOURS = { days: [1, 2, 3, 4, 5], from: '09:00', to: '17:00' };

function WaitForFields({ step, onChange }: StepFieldsProps<Of<'wait_for'>>) {
  return (
    <div className="space-y-4">
      <DurationFields label="How long" value={step.duration} onChange={(duration) => onChange({ ...step, duration })} />
      <Switch
        checked={step.window !== undefined}
        onChange={(isOn) => {
          const { window: _, ...rest } = step;
          onChange(isOn ? { ...rest, window: OFFICE_HOURS } : rest);
        }}
        label="Then until certain hours"
        says="So that it arrives in the morning, for example."
      />
      {step.window !== undefined && (
        <WindowFields value={step.window} onChange={(window) => onChange({ ...step, window })} />
      )}
    </div>
  );
}

function WaitUntilFields({ step, onChange }: StepFieldsProps<Of<'wait_until'>>) {
  const { until } = step;
  const choose = (kind: string) => {
    if (kind === 'window') onChange({ ...step, until: { kind, window: OFFICE_HOURS } });
    else if (kind === 'payload_date')
      onChange({ ...step, until: { kind, field: 'next_payment_attempt', offset: { hours: 2 } } });
    else onChange({ ...step, until: { kind: 'contact_date', property: 'trial_end_date', offset: { days: -3 } } });
  };
  return (
    <div className="space-y-4">
      <Field label="Until">
        {(ids) => (
          <Select
            {...ids}
            className="w-auto max-w-full"
            value={until.kind}
            onChange={(event) => choose(event.target.value)}
          >
            <option value="contact_date">A date of the person</option>
            <option value="payload_date">A date in the starting event</option>
            <option value="window">Certain hours of the day</option>
          </Select>
        )}
      </Field>
      {until.kind === 'contact_date' && (
        <DatePropertyField
          value={until.property}
          onChange={(property) => onChange({ ...step, until: { ...until, property } })}
        />
      )}
      {until.kind === 'payload_date' && (
        <Field label="Which field of the event">
          {(ids) => (
            <Input
              {...ids}
              required
              value={until.field}
              onChange={(event) => onChange({ ...step, until: { ...until, field: event.target.value } })}
            />
          )}
        </Field>
      )}
      {until.kind === 'window' ? (
        <WindowFields value={until.window} onChange={(window) => onChange({ ...step, until: { ...until, window } })} />
      ) : (
        <>
          <OffsetFields
            value={until.offset}
            onChange={(offset) => onChange({ ...step, until: { ...until, offset } })}
          />
          <DurationFields
            label="If there is no such date, wait instead"
            value={step.ifMissing}
            onChange={(ifMissing) => onChange({ ...step, ifMissing })}
          />
        </>
      )}
    </div>
  );
}

function SetPropertyFields({ step, onChange }: StepFieldsProps<Of<'set_property'>>) {
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      <Field label="Trait" hint="Letters, digits and _.">
        {(ids) => (
          <Input
            {...ids}
            required
            pattern="[A-Za-z_][A-Za-z0-9_]*"
            value={step.trait}
            onChange={(event) => onChange({ ...step, trait: event.target.value })}
          />
        )}
      </Field>
      <Field label="Value">
        {(ids) => (
          <Input
            {...ids}
            value={step.value === null ? '' : String(step.value)}
            onChange={(event) => onChange({ ...step, value: event.target.value === '' ? null : event.target.value })}
          />
        )}
      </Field>
    </div>
  );
}

function WebhookFields({ step, onChange }: StepFieldsProps<Of<'webhook'>>) {
  const { data } = useWebhookEndpoints();
  return (
    <Field
      label="Destination"
      hint={data?.rows.length === 0 ? 'There is none yet: add one in Settings, under Sending.' : undefined}
    >
      {(ids) => (
        <Select
          {...ids}
          required
          className="w-auto max-w-full"
          value={step.endpoint}
          onChange={(event) => onChange({ ...step, endpoint: event.target.value })}
        >
          <option value="">Choose a destination</option>
          {step.endpoint !== '' && data?.rows.some((one) => one.id === step.endpoint) !== true && (
            <option value={step.endpoint}>{step.endpoint}</option>
          )}
          {data?.rows.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name} ({one.url})
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}
