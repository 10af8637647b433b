import type { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import { type FormEvent, useMemo, useState } from 'react';
import { Button } from '../../design/button.tsx';
import { Card, SectionCard } from '../../design/card.tsx';
import { Field, Input, TextArea } from '../../design/field.tsx';
import { DryRunButton } from './dry-run-dialog.tsx';
import { useKnownEvent } from './event-fields.tsx';
import { ExitFields } from './exit-fields.tsx';
import { RuleFields } from './rule-fields.tsx';
import { StepEditing, StepList } from './step-list.tsx';
import { StepPreview } from './step-preview.tsx';
import { findStep, stepIds } from './step-words.ts';
import { TriggerFields } from './trigger-fields.tsx';

interface EditorProps {
  readonly start: SequenceDefinition;
  readonly action: string;
  readonly isBusy: boolean;
  readonly error: Error | null;
  readonly onSave: (definition: SequenceDefinition) => void;
  readonly onCancel: () => void;
}

const MESSAGES = new Set(['email', 'in_app', 'notify_team']);

/** A sequence from top to bottom: what starts it, its steps, what ends it, its rules; the open message beside it. */
export function SequenceEditor({ start, action, isBusy, error, onSave, onCancel }: EditorProps) {
  const [definition, setDefinition] = useState(start);
  const [openId, setOpenId] = useState<string | null>(
    () => start.steps.find((step) => MESSAGES.has(step.kind))?.id ?? null,
  );
  const change = (next: Partial<SequenceDefinition>) => setDefinition((old) => ({ ...old, ...next }));
  const known = useKnownEvent(definition.trigger.kind === 'event' ? definition.trigger.type : '');
  const taken = useMemo(() => stepIds(definition.steps), [definition.steps]);
  const fields = useMemo(() => known?.fields ?? [], [known]);
  const editing = useMemo(() => ({ openId, open: setOpenId, taken, fields }), [openId, taken, fields]);
  const openStep = openId === null ? null : findStep(definition.steps, openId);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSave(definition);
  };
  return (
    <div className="grid items-start gap-5 xl:grid-cols-[minmax(0,1fr)_26rem]">
      <form onSubmit={submit} className="min-w-0 space-y-5">
        <Card className="space-y-4 p-4">
          <Field label="Name">
            {(ids) => (
              <Input
                {...ids}
                required
                maxLength={120}
                value={definition.name}
                onChange={(event) => change({ name: event.target.value })}
              />
            )}
          </Field>
          <Field label="What is it for? (optional)">
            {(ids) => (
              <TextArea
                {...ids}
                className="min-h-16"
                maxLength={1000}
                value={definition.description}
                onChange={(event) => change({ description: event.target.value })}
              />
            )}
          </Field>
        </Card>
        <SectionCard title="Starts when">
          <TriggerFields
            trigger={definition.trigger}
            onChange={(trigger) =>
              change({
                trigger,
                exits: {
                  ...definition.exits,
                  onSegmentLeft:
                    trigger.kind === 'segment' && trigger.on === 'entered' && definition.exits.onSegmentLeft,
                },
              })
            }
          />
        </SectionCard>
        <section aria-label="Steps">
          <h2 className="mb-2 text-[0.9375rem] font-semibold">Then, step by step</h2>
          <StepEditing value={editing}>
            <StepList label="Steps" steps={definition.steps} onChange={(steps) => change({ steps })} />
          </StepEditing>
        </section>
        <SectionCard
          title="Ends early when"
          says="Looked at before every message: nobody is reminded of what they have paid."
        >
          <ExitFields definition={definition} fields={fields} onChange={(exits) => change({ exits })} />
        </SectionCard>
        <SectionCard title="Rules">
          <RuleFields definition={definition} onChange={change} />
        </SectionCard>
        {error !== null && (
          <p role="alert" className="rounded-xl bg-bad-soft px-4 py-3 text-bad">
            {error.message}
          </p>
        )}
        <div className="sticky bottom-0 z-20 -mx-1 flex flex-wrap gap-2 border-t bg-bg px-1 py-3">
          <Button type="submit" look="primary" busy={isBusy} disabled={definition.steps.length === 0}>
            {action}
          </Button>
          <DryRunButton definition={definition} />
          <Button look="quiet" onClick={onCancel}>
            Cancel
          </Button>
        </div>
      </form>
      <div className="min-w-0 xl:sticky xl:top-5">
        <StepPreview
          definition={definition}
          stepId={openStep !== null && MESSAGES.has(openStep.kind) ? openStep.id : null}
        />
      </div>
    </div>
  );
}
