import type { SegmentTemplate, TemplateParameter } from '@growthos/contracts/http/segments.ts';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useId, useState } from 'react';
import { useCreateSegment, useFillTemplate, useFilterCatalogue } from '../../api/segments.ts';
import { Button } from '../../design/button.tsx';
import { Dialog } from '../../design/dialog.tsx';
import { Field, Input, Select } from '../../design/field.tsx';
import { toast } from '../../design/toast.tsx';
import { ValuesInput } from './value-inputs.tsx';

type Answers = Record<string, unknown>;

/** A ready-made segment: what it does, who is left out on purpose, its questions; then it is on. */
export function TemplateDialog({ template, onClose }: { template: SegmentTemplate | null; onClose: () => void }) {
  return (
    <Dialog open={template !== null} onClose={onClose} title={template?.name ?? ''} says={template?.says}>
      {template !== null && <TemplateForm key={template.key} template={template} onClose={onClose} />}
    </Dialog>
  );
}

function TemplateForm({ template, onClose }: { template: SegmentTemplate; onClose: () => void }) {
  const navigate = useNavigate();
  const fill = useFillTemplate();
  const create = useCreateSegment();
  const [answers, setAnswers] = useState<Answers>(() =>
    Object.fromEntries(template.parameters.filter((one) => one.default !== null).map((one) => [one.name, one.default])),
  );
  const isOpen = template.parameters.some((one) => one.isRequired && isEmpty(answers[one.name]));
  const switchOn = async (event: FormEvent) => {
    event.preventDefault();
    const filled = await fill.mutateAsync({ key: template.key, parameters: answers });
    const segment = await create.mutateAsync({
      name: filled.name,
      description: template.says,
      definition: filled.definition,
      template: { key: template.key, parameters: answers },
    });
    toast(`“${segment.name}” is on.`);
    onClose();
    await navigate({ to: '/segments/$segmentId', params: { segmentId: segment.id } });
  };
  const openBuilder = async () => {
    const filled = await fill.mutateAsync({ key: template.key, parameters: answers });
    await navigate({
      to: '/segments/new',
      state: { segmentDraft: { name: filled.name, description: template.says, definition: filled.definition } },
    });
  };
  const error = fill.error ?? create.error;
  return (
    <form onSubmit={(event) => void switchOn(event).catch(() => undefined)} className="space-y-4">
      {template.parameters.map((parameter) => (
        <Question
          key={parameter.name}
          parameter={parameter}
          value={answers[parameter.name]}
          onChange={(value) => setAnswers((old) => ({ ...old, [parameter.name]: value }))}
        />
      ))}
      <div>
        <h3 className="font-semibold">In words</h3>
        <p className="text-ink-2">{template.sentence}</p>
      </div>
      {template.pitfalls.length > 0 && (
        <div>
          <h3 className="font-semibold">Left out on purpose</h3>
          <ul className="mt-0.5 list-disc space-y-1 pl-5 text-ink-2">
            {template.pitfalls.map((pitfall) => (
              <li key={pitfall}>{pitfall}</li>
            ))}
          </ul>
        </div>
      )}
      {error !== null && (
        <p role="alert" className="text-bad">
          {error.message}
        </p>
      )}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look="primary" disabled={isOpen} busy={fill.isPending || create.isPending}>
          Switch it on
        </Button>
        <Button disabled={isOpen} onClick={() => void openBuilder().catch(() => undefined)}>
          Change it first
        </Button>
      </div>
    </form>
  );
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);

interface QuestionProps {
  readonly parameter: TemplateParameter;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
}

function Question({ parameter, value, onChange }: QuestionProps) {
  const { data } = useFilterCatalogue();
  const listId = useId();
  const offered =
    parameter.choices ?? data?.properties.find((one) => one.property === parameter.valuesOf)?.values ?? [];
  if (parameter.type === 'texts') {
    const values = Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
    return (
      <div>
        <p className="mb-1 font-medium">{parameter.ask}</p>
        <ValuesInput label={parameter.ask} values={values} offered={offered} onChange={onChange} />
      </div>
    );
  }
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  return (
    <Field label={parameter.ask}>
      {(ids) =>
        parameter.type === 'number' ? (
          <span className="flex items-center gap-2">
            <Input
              {...ids}
              type="number"
              required={parameter.isRequired}
              min={parameter.min}
              max={parameter.max}
              value={text}
              onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.valueAsNumber)}
              className="w-28"
            />
            {parameter.unit}
          </span>
        ) : parameter.choices !== undefined ? (
          <Select {...ids} value={text} onChange={(event) => onChange(event.target.value)}>
            {!parameter.isRequired && <option value="">No choice</option>}
            {offered.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </Select>
        ) : (
          <>
            <Input
              {...ids}
              list={listId}
              required={parameter.isRequired}
              value={text}
              onChange={(event) => onChange(event.target.value)}
            />
            <datalist id={listId}>
              {offered.map((one) => (
                <option key={one} value={one} />
              ))}
            </datalist>
          </>
        )
      }
    </Field>
  );
}
