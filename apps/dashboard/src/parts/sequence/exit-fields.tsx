import type { ExitGoal, SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import { Plus, Trash2 } from 'lucide-react';
import { Button } from '../../design/button.tsx';
import { Switch } from '../../design/switch.tsx';
import { ConditionFields } from './condition-fields.tsx';
import { AwaitedEventFields } from './event-fields.tsx';

interface ExitFieldsProps {
  readonly definition: SequenceDefinition;
  readonly fields: readonly string[];
  readonly onChange: (exits: SequenceDefinition['exits']) => void;
}

/** What ends a run early: success, or that it stopped being true. */
export function ExitFields({ definition, fields, onChange }: ExitFieldsProps) {
  const { exits, trigger } = definition;
  const setGoal = (at: number, goal: ExitGoal) =>
    onChange({ ...exits, goals: exits.goals.map((one, index) => (index === at ? goal : one)) });
  return (
    <div className="space-y-4">
      {exits.goals.map((goal, index) => (
        <div key={index} className="space-y-3 rounded-xl border bg-bg p-3">
          <AwaitedEventFields
            label="Ends when this happens"
            value={goal}
            onChange={(next) => setGoal(index, { ...goal, ...next })}
          />
          <Switch
            checked={goal.isSuccess}
            onChange={(isSuccess) => setGoal(index, { ...goal, isSuccess })}
            label="Counts as success"
            says="What the effect of the sequence is measured by."
          />
          <Button
            size="sm"
            look="quiet"
            onClick={() => onChange({ ...exits, goals: exits.goals.filter((_, at) => at !== index) })}
          >
            <Trash2 aria-hidden /> Remove
          </Button>
        </div>
      ))}
      <Button
        size="sm"
        onClick={() =>
          onChange({
            ...exits,
            goals: [...exits.goals, { type: 'payment_succeeded', where: [], match: [], isSuccess: true }],
          })
        }
      >
        <Plus aria-hidden /> Ends when something happens
      </Button>
      {trigger.kind === 'segment' && trigger.on === 'entered' && (
        <Switch
          checked={exits.onSegmentLeft}
          onChange={(onSegmentLeft) => onChange({ ...exits, onSegmentLeft })}
          label="Ends when they leave the segment"
        />
      )}
      {trigger.kind === 'event' && (
        <>
          <Switch
            checked={exits.invoiceClosed !== undefined}
            onChange={(isOn) => onChange({ ...exits, invoiceClosed: isOn ? 'invoice_id' : undefined })}
            label="Ends when the invoice is paid or void"
            says="Looked at before every message, even when Stripe’s news is late."
          />
          <Switch
            checked={exits.subscriptionEnded !== undefined}
            onChange={(isOn) => onChange({ ...exits, subscriptionEnded: isOn ? 'subscription_id' : undefined })}
            label="Ends when the subscription has ended"
          />
        </>
      )}
      <ConditionFields
        label="Goes on only while"
        value={exits.keepWhile}
        fields={fields}
        onChange={(keepWhile) => onChange({ ...exits, keepWhile })}
      />
    </div>
  );
}
