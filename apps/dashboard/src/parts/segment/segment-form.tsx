import type { Filter, FilterNode } from '@growthos/contracts/filter/filter.ts';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useFilterCatalogue } from '../../api/segments.ts';
import { Button } from '../../design/button.tsx';
import { Card } from '../../design/card.tsx';
import { Field, Input, TextArea } from '../../design/field.tsx';
import { Answer } from '../answer.tsx';
import { missingIn } from './filter-words.ts';
import { GroupEditor } from './group-editor.tsx';
import { LivePreview } from './live-preview.tsx';

export interface SegmentDraft {
  readonly name: string;
  readonly description: string;
  readonly definition: Filter;
}

interface SegmentFormProps {
  readonly start: SegmentDraft;
  readonly action: string;
  readonly isBusy: boolean;
  readonly error: Error | null;
  readonly onSave: (draft: SegmentDraft) => void;
  readonly onCancel: () => void;
  /** More to decide before saving, such as what an edit does to people who come in by it. */
  readonly more?: ReactNode;
}

/** A group has to be the root, so that there is somewhere to add to. */
const asGroup = (node: FilterNode): FilterNode =>
  node.op === 'and' || node.op === 'or' || node.op === 'not' ? node : { op: 'and', of: [node] };

/** The builder: a name, the conditions, and who matches while they are edited. */
export function SegmentForm({ start, action, isBusy, error, onSave, onCancel, more }: SegmentFormProps) {
  const catalogue = useFilterCatalogue();
  const [name, setName] = useState(start.name);
  const [description, setDescription] = useState(start.description);
  const [definition, setDefinition] = useState<Filter>({ ...start.definition, where: asGroup(start.definition.where) });
  const { where } = definition;
  const isEverybody = where.op === 'and' && where.of.length === 0;
  const missing = isEverybody ? null : missingIn(where);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (missing === null) onSave({ name: name.trim(), description: description.trim(), definition });
  };
  return (
    <form
      onSubmit={submit}
      className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 lg:grid-cols-[minmax(0,1fr)_20rem]"
    >
      <div className="min-w-0 space-y-5">
        <Card className="space-y-4 p-4">
          <Field label="Name">
            {(ids) => (
              <Input
                {...ids}
                required
                maxLength={120}
                placeholder="Pro users who went quiet"
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
            )}
          </Field>
          <Field label="What is it for? (optional)">
            {(ids) => (
              <TextArea
                {...ids}
                maxLength={500}
                className="min-h-16"
                value={description}
                onChange={(event) => setDescription(event.target.value)}
              />
            )}
          </Field>
        </Card>
        <Card className="p-4">
          <Answer query={catalogue}>
            {(data) => (
              <GroupEditor
                node={where}
                catalogue={data}
                onChange={(next) => setDefinition({ ...definition, where: next })}
              />
            )}
          </Answer>
          {isEverybody && <p className="mt-3 text-ink-2">Without a condition this is everybody. Add one to begin.</p>}
        </Card>
        {more}
        {error !== null && (
          <p role="alert" className="text-bad">
            {error.message}
          </p>
        )}
        <div className="flex flex-wrap gap-2">
          <Button type="submit" look="primary" busy={isBusy} disabled={missing !== null || name.trim() === ''}>
            {action}
          </Button>
          <Button onClick={onCancel}>Cancel</Button>
        </div>
      </div>
      <div className="min-w-0 lg:sticky lg:top-5">
        <LivePreview filter={definition} missing={missing} />
      </div>
    </form>
  );
}
