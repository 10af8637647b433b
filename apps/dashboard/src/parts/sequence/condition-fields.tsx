import type { FilterNode } from '@growthos/contracts/filter/filter.ts';
import type { Condition } from '@growthos/contracts/sequence/condition.ts';
import { useFilterCatalogue } from '../../api/segments.ts';
import { Select } from '../../design/field.tsx';
import { GroupEditor } from '../segment/group-editor.tsx';
import { PayloadTests } from './payload-tests.tsx';

interface ConditionProps {
  readonly label: string;
  readonly value: Condition | undefined;
  readonly onChange: (value: Condition | undefined) => void;
  /** False where there has to be one. */
  readonly mayBeEmpty?: boolean;
  readonly fields: readonly string[];
}

/** The tree inside a condition; the schema keeps it loose because segments own its shape. */
function whereOf(filter: Readonly<Record<string, unknown>>): FilterNode {
  const where = filter['where'];
  return typeof where === 'object' && where !== null && 'op' in where ? (where as FilterNode) : { op: 'and', of: [] };
}

const asRoot = (node: FilterNode): FilterNode =>
  node.op === 'and' || node.op === 'or' || node.op === 'not' ? node : { op: 'and', of: [node] };

/** Something that must be true about the person then, or about the event that started the run. */
export function ConditionFields({ label, value, onChange, mayBeEmpty = true, fields }: ConditionProps) {
  const { data: catalogue } = useFilterCatalogue();
  const choose = (kind: string) => {
    if (kind === '') onChange(undefined);
    else if (kind === 'payload') onChange({ kind, all: [{ field: fields[0] ?? 'change', op: 'is', value: '' }] });
    else onChange({ kind: 'contact', filter: { version: 1, where: { op: 'and', of: [] } } });
  };
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1 font-medium">{label}</legend>
      <Select
        aria-label={label}
        className="mb-2 w-auto max-w-full"
        value={value?.kind ?? ''}
        onChange={(event) => choose(event.target.value)}
      >
        {mayBeEmpty && <option value="">Always</option>}
        <option value="contact">Only if something is true about the person</option>
        <option value="payload">Only if the starting event says something</option>
      </Select>
      {value?.kind === 'payload' && (
        <PayloadTests
          tests={value.all}
          fields={fields}
          onChange={(all) => onChange(all.length === 0 && mayBeEmpty ? undefined : { kind: 'payload', all })}
        />
      )}
      {value?.kind === 'contact' && catalogue !== undefined && (
        <div className="rounded-xl border bg-bg p-3">
          <GroupEditor
            node={asRoot(whereOf(value.filter))}
            catalogue={catalogue}
            onChange={(where) => onChange({ kind: 'contact', filter: { version: 1, where } })}
          />
        </div>
      )}
    </fieldset>
  );
}
