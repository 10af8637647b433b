import type { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import { Field, Input, Select } from '../../design/field.tsx';
import { Switch } from '../../design/switch.tsx';
import { DurationFields, HoursFields } from './time-fields.tsx';

type Change = (next: Partial<SequenceDefinition>) => void;

const CATEGORIES = [
  ['transactional', 'Account and billing notices: always sent, no offers in them'],
  ['product', 'Trial and product tips'],
  ['marketing', 'Offers and news'],
] as const;

/** When it may send, how often somebody may come in, and how the effect is measured. */
export function RuleFields({ definition, onChange }: { definition: SequenceDefinition; onChange: Change }) {
  const { quietHours } = definition;
  return (
    <div className="space-y-5">
      <Field label="What its messages are about" hint="People can opt out of each kind by itself.">
        {(ids) => (
          <Select
            {...ids}
            value={definition.category}
            onChange={(event) =>
              onChange({ category: CATEGORIES.find(([value]) => value === event.target.value)?.[0] ?? 'product' })
            }
          >
            {CATEGORIES.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <ReentryFields definition={definition} onChange={onChange} />
      <div className="space-y-2">
        <Switch
          checked={quietHours !== null}
          onChange={(isOn) => onChange({ quietHours: isOn ? { from: '21:00', to: '08:00' } : null })}
          label="Quiet hours"
          says="E-mails that fall into them wait until they end."
        />
        {quietHours !== null && (
          <HoursFields value={quietHours} onChange={(hours) => onChange({ quietHours: hours })} />
        )}
      </div>
      <Switch
        checked={definition.isExemptFromCaps}
        onChange={(isExemptFromCaps) => onChange({ isExemptFromCaps })}
        label="May exceed the e-mail limit per person"
        says="For messages that somebody must get, such as about a failed payment."
      />
      <div className="grid gap-4 sm:grid-cols-3">
        <Field label="Held out" hint="Percent who get nothing, to see what the sequence is worth.">
          {(ids) => (
            <Input
              {...ids}
              type="number"
              min={0}
              max={50}
              value={definition.holdoutPercent}
              onChange={(event) => onChange({ holdoutPercent: event.target.valueAsNumber || 0 })}
            />
          )}
        </Field>
        <Field label="Success counts for" hint="Days after somebody came in.">
          {(ids) => (
            <Input
              {...ids}
              type="number"
              min={1}
              max={180}
              required
              value={definition.goalWindowDays}
              onChange={(event) => onChange({ goalWindowDays: event.target.valueAsNumber || 1 })}
            />
          )}
        </Field>
        <Field label="Priority" hint="0 to 100. The higher one goes first when only one may be sent.">
          {(ids) => (
            <Input
              {...ids}
              type="number"
              min={0}
              max={100}
              required
              value={definition.priority}
              onChange={(event) => onChange({ priority: event.target.valueAsNumber || 0 })}
            />
          )}
        </Field>
      </div>
    </div>
  );
}

const SUBJECTS = [
  ['invoice_id', 'invoice'],
  ['subscription_id', 'subscription'],
  ['customer_id', 'Stripe customer'],
] as const;

function ReentryFields({ definition: { reentry }, onChange }: { definition: SequenceDefinition; onChange: Change }) {
  const choose = (rule: string) => {
    if (rule === 'once_per') onChange({ reentry: { rule, field: 'invoice_id' } });
    else if (rule === 'after') onChange({ reentry: { rule, duration: { days: 90 } } });
    else onChange({ reentry: { rule: rule === 'always' ? 'always' : 'never' } });
  };
  return (
    <div className="space-y-3">
      <Field label="The same person comes in">
        {(ids) => (
          <Select
            {...ids}
            className="w-auto max-w-full"
            value={reentry.rule}
            onChange={(event) => choose(event.target.value)}
          >
            <option value="never">once in their life</option>
            <option value="once_per">once for each invoice, subscription, …</option>
            <option value="after">again after some time</option>
            <option value="always">every time, when they are not in it already</option>
          </Select>
        )}
      </Field>
      {reentry.rule === 'once_per' && (
        <Field label="Once for each">
          {(ids) => (
            <Select
              {...ids}
              className="w-auto"
              value={reentry.field}
              onChange={(event) => onChange({ reentry: { rule: 'once_per', field: event.target.value } })}
            >
              {!SUBJECTS.some(([field]) => field === reentry.field) && (
                <option value={reentry.field}>{reentry.field}</option>
              )}
              {SUBJECTS.map(([field, label]) => (
                <option key={field} value={field}>
                  {label}
                </option>
              ))}
            </Select>
          )}
        </Field>
      )}
      {reentry.rule === 'after' && (
        <DurationFields
          label="After"
          value={reentry.duration}
          onChange={(duration) => onChange({ reentry: { rule: 'after', duration } })}
        />
      )}
    </div>
  );
}
