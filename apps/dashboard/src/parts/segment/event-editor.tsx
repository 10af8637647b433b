import type {
  EventCondition,
  EventTimeCondition,
  FilterLeaf,
  PayloadCondition,
} from '@growthos/contracts/filter/filter.ts';
import type { FilterCatalogue } from '@growthos/contracts/http/segments.ts';
import { Plus, X } from 'lucide-react';
import { useId } from 'react';
import { Button, IconButton } from '../../design/button.tsx';
import { Input } from '../../design/field.tsx';
import {
  BOOLEAN_CHOICES,
  type Choice,
  DATE_CHOICES,
  dateTest,
  NUMBER_CHOICES,
  PRESENCE_CHOICES,
  TEXT_CHOICES,
} from './filter-words.ts';
import { ChoiceSelect, DateTestInput, NumberInput, SpanInput, ValuesInput } from './value-inputs.tsx';

type EventNode = EventCondition | EventTimeCondition;

interface EventEditorProps {
  readonly node: EventNode;
  readonly catalogue: FilterCatalogue;
  readonly onChange: (node: FilterLeaf) => void;
}

const DID: readonly Choice[] = [
  ['did', 'Did'],
  ['did_not', 'Did not do'],
  ['first', 'The first time they did'],
  ['last', 'The last time they did'],
];
const COUNTS: readonly Choice[] = [
  ['at_least', 'at least'],
  ['at_most', 'at most'],
  ['exactly', 'exactly'],
];

/** The same event asked in another way: how often, or when first or last. */
function asked(node: EventNode, how: string): EventNode {
  const base = { event: node.event, ...(node.where === undefined ? {} : { where: node.where }) };
  if (how === 'first' || how === 'last') {
    const test = node.op === 'event_time' ? node.test : ({ is: 'in_last', n: 7, unit: 'days' } as const);
    return { op: 'event_time', ...base, which: how, test };
  }
  const did = how === 'did' ? 'did' : 'did_not';
  if (node.op === 'event') return { ...node, did };
  return { op: 'event', ...base, did, is: 'at_least', times: 1, within: { n: 7, unit: 'days' } };
}

/** "Did | invited_teammate | at least 3 times | in the last 7 days", and what the event must say. */
export function EventEditor({ node, catalogue, onChange }: EventEditorProps) {
  const known = catalogue.events.find((one) => one.event === node.event);
  const where = node.where ?? [];
  const setWhere = (next: PayloadCondition[]) => onChange({ ...node, where: next });
  return (
    <>
      <ChoiceSelect
        label="Did or did not"
        value={node.op === 'event' ? node.did : node.which}
        choices={DID}
        onChange={(how) => onChange(asked(node, how))}
      />
      <span className="font-medium" title={known?.says}>
        {node.event}
      </span>
      {node.op === 'event' ? (
        <HowOften node={node} onChange={onChange} />
      ) : (
        <>
          <ChoiceSelect
            label="When"
            value={node.test.is}
            choices={DATE_CHOICES}
            onChange={(is) => onChange({ ...node, test: dateTest(is, node.test) })}
          />
          <DateTestInput test={node.test} onChange={(test) => onChange({ ...node, test })} />
        </>
      )}
      <div className="basis-full space-y-2">
        {where.map((test, index) => (
          <PayloadRow
            key={index}
            test={test}
            fields={known?.fields ?? []}
            onChange={(next) => setWhere(where.map((one, at) => (at === index ? next : one)))}
            onRemove={() => setWhere(where.filter((_, at) => at !== index))}
          />
        ))}
        <Button
          size="sm"
          look="quiet"
          onClick={() => setWhere([...where, { op: 'text', field: known?.fields[0] ?? '', is: 'is', values: [] }])}
        >
          <Plus aria-hidden /> Only where the event says…
        </Button>
      </div>
    </>
  );
}

function HowOften({ node, onChange }: { node: EventCondition; onChange: (node: FilterLeaf) => void }) {
  const { within, ...rest } = node;
  return (
    <>
      <ChoiceSelect
        label="How often"
        value={node.is}
        choices={COUNTS}
        onChange={(is) => onChange({ ...node, is: is === 'at_most' || is === 'exactly' ? is : 'at_least' })}
      />
      <NumberInput
        label="Times"
        isWhole
        min={0}
        value={node.times}
        onChange={(times) => onChange({ ...node, times })}
      />
      <ChoiceSelect
        label="In what time"
        value={within === undefined ? 'ever' : 'last'}
        choices={[
          ['last', 'times in the last'],
          ['ever', 'times, ever'],
        ]}
        onChange={(when) => onChange(when === 'ever' ? rest : { ...rest, within: { n: 7, unit: 'days' } })}
      />
      {within !== undefined && <SpanInput span={within} onChange={(span) => onChange({ ...node, within: span })} />}
    </>
  );
}

const PAYLOAD_CHOICES: readonly Choice[] = [
  ...TEXT_CHOICES,
  ...NUMBER_CHOICES.filter(([value]) => value !== 'equals' && value !== 'not_equals' && value !== 'between').map(
    ([value, label]) => [value, `${label} (number)`] as const,
  ),
  ...BOOLEAN_CHOICES,
  ...PRESENCE_CHOICES,
];

function payloadTest(field: string, is: string, old: PayloadCondition): PayloadCondition {
  if (is === 'exists' || is === 'not_exists') return { op: 'presence', field, is };
  if (is === 'true' || is === 'false') return { op: 'boolean', field, is };
  if (is === 'at_least' || is === 'more_than' || is === 'at_most' || is === 'less_than') {
    return { op: 'number', field, is, value: old.op === 'number' ? old.value : 0 };
  }
  const text =
    is === 'is_not' || is === 'contains' || is === 'does_not_contain' || is === 'starts_with' || is === 'ends_with'
      ? is
      : 'is';
  return { op: 'text', field, is: text, values: old.op === 'text' ? old.values : [] };
}

interface PayloadRowProps {
  readonly test: PayloadCondition;
  readonly fields: readonly string[];
  readonly onChange: (test: PayloadCondition) => void;
  readonly onRemove: () => void;
}

function PayloadRow({ test, fields, onChange, onRemove }: PayloadRowProps) {
  const listId = useId();
  return (
    <div className="flex flex-wrap items-center gap-2 border-l-2 pl-3">
      <Input
        aria-label="Field of the event"
        list={listId}
        value={test.field}
        placeholder="field"
        className="w-40"
        onChange={(event) => onChange({ ...test, field: event.target.value })}
      />
      <datalist id={listId}>
        {fields.map((field) => (
          <option key={field} value={field} />
        ))}
      </datalist>
      <ChoiceSelect
        label="Test"
        value={test.is}
        choices={PAYLOAD_CHOICES}
        onChange={(is) => onChange(payloadTest(test.field, is, test))}
      />
      {test.op === 'text' && (
        <ValuesInput
          label="Values"
          values={test.values}
          offered={[]}
          onChange={(values) => onChange({ ...test, values })}
        />
      )}
      {test.op === 'number' && (
        <NumberInput label="Number" value={test.value} onChange={(value) => onChange({ ...test, value })} />
      )}
      <IconButton label="Remove" size="iconSm" onClick={onRemove}>
        <X aria-hidden />
      </IconButton>
    </div>
  );
}
