import type { FilterLeaf, PropertyCondition, SegmentCondition } from '@growthos/contracts/filter/filter.ts';
import type { FilterCatalogue } from '@growthos/contracts/http/segments.ts';
import { EventEditor } from './event-editor.tsx';
import { type CatalogueProperty, changeTest, choicesFor, testOf } from './filter-words.ts';
import { ChoiceSelect, CurrencyInput, DateTestInput, MoneyInput, NumberInput, ValuesInput } from './value-inputs.tsx';

interface EditorProps<T> {
  readonly node: T;
  readonly catalogue: FilterCatalogue;
  readonly onChange: (node: FilterLeaf) => void;
}

/** One condition, read from left to right as a sentence: "Last seen | was more than … ago | 7 days". */
export function ConditionEditor({ node, catalogue, onChange }: EditorProps<FilterLeaf>) {
  if (node.op === 'segment') return <SegmentEditor node={node} catalogue={catalogue} onChange={onChange} />;
  if (node.op === 'event' || node.op === 'event_time') {
    return <EventEditor node={node} catalogue={catalogue} onChange={onChange} />;
  }
  return <PropertyEditor node={node} catalogue={catalogue} onChange={onChange} />;
}

/** What the catalogue says of a property; a trait that it has not seen lately is known by its condition alone. */
function infoOf(node: PropertyCondition, catalogue: FilterCatalogue): CatalogueProperty {
  const found = catalogue.properties.find((one) => one.property === node.property);
  if (found !== undefined) return found;
  const type = node.op === 'presence' ? 'text' : node.op;
  return { property: node.property, label: node.property, says: '', group: 'person', type, values: [] };
}

function PropertyEditor({ node, catalogue, onChange }: EditorProps<PropertyCondition>) {
  const info = infoOf(node, catalogue);
  return (
    <>
      <span className="font-medium" title={info.says}>
        {info.label}
      </span>
      <ChoiceSelect
        label={`${info.label}: test`}
        value={testOf(node)}
        choices={choicesFor(info.type)}
        onChange={(is) => onChange(changeTest(node, { is, info }))}
      />
      <PropertyValue node={node} info={info} onChange={onChange} />
    </>
  );
}

interface ValueProps {
  readonly node: PropertyCondition;
  readonly info: CatalogueProperty;
  readonly onChange: (node: PropertyCondition) => void;
}

function PropertyValue({ node, info, onChange }: ValueProps) {
  switch (node.op) {
    case 'text':
    case 'list':
      return (
        <ValuesInput
          label={`${info.label}: values`}
          values={node.values}
          offered={info.values}
          onChange={(values) => onChange({ ...node, values })}
        />
      );
    case 'number':
      return (
        <>
          <NumberInput
            label={`${info.label}: number`}
            value={node.value}
            onChange={(value) => onChange({ ...node, value })}
          />
          {node.is === 'between' && (
            <>
              <span>and</span>
              <NumberInput
                label={`${info.label}: upper bound`}
                value={node.to ?? node.value}
                onChange={(to) => onChange({ ...node, to })}
              />
            </>
          )}
        </>
      );
    case 'money':
      return (
        <>
          <MoneyInput
            label={`${info.label}: amount`}
            amountMinor={node.amountMinor}
            currency={node.currency}
            onChange={(amountMinor) => onChange({ ...node, amountMinor })}
          />
          {node.is === 'between' && (
            <>
              <span>and</span>
              <MoneyInput
                label={`${info.label}: upper bound`}
                amountMinor={node.toMinor ?? node.amountMinor}
                currency={node.currency}
                onChange={(toMinor) => onChange({ ...node, toMinor })}
              />
            </>
          )}
          <CurrencyInput value={node.currency} onChange={(currency) => onChange({ ...node, currency })} />
        </>
      );
    case 'date':
      return <DateTestInput test={node.test} onChange={(test) => onChange({ ...node, test })} />;
    case 'boolean':
    case 'presence':
      return null;
  }
}

function SegmentEditor({ node, catalogue, onChange }: EditorProps<SegmentCondition>) {
  const known = catalogue.segments.some((one) => one.key === node.segment);
  return (
    <>
      <ChoiceSelect
        label="Membership"
        value={node.is}
        choices={[
          ['member', 'Is in the segment'],
          ['not_member', 'Is not in the segment'],
        ]}
        onChange={(is) => onChange({ ...node, is: is === 'member' ? 'member' : 'not_member' })}
      />
      <ChoiceSelect
        label="Segment"
        value={node.segment}
        choices={[
          ...(known ? [] : ([[node.segment, node.segment]] as const)),
          ...catalogue.segments.map((one) => [one.key, one.name] as const),
        ]}
        onChange={(segment) => onChange({ ...node, segment })}
      />
    </>
  );
}
