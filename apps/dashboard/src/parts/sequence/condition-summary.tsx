import type { Filter } from '@growthos/contracts/filter/filter.ts';
import type { Condition, PayloadTest } from '@growthos/contracts/sequence/condition.ts';
import { useSegmentPreview } from '../../api/segments.ts';

const WORDS: Readonly<Record<PayloadTest['op'], string>> = {
  is: 'is',
  is_not: 'is not',
  in: 'is one of',
  not_in: 'is none of',
  gt: 'is more than',
  gte: 'is at least',
  lt: 'is less than',
  lte: 'is at most',
  is_present: 'is given',
  is_missing: 'is not given',
};

function testText(test: PayloadTest): string {
  const value = 'value' in test ? ` ${Array.isArray(test.value) ? test.value.join(', ') : String(test.value)}` : '';
  return `${test.field.replaceAll('_', ' ')} ${WORDS[test.op]}${value}`;
}

const isFilter = (value: unknown): value is Filter => typeof value === 'object' && value !== null && 'where' in value;

/** A condition read back in one line; of a person, in the server's own sentence. */
export function ConditionSummary({ condition }: { condition: Condition }) {
  if (condition.kind === 'payload') {
    return <p className="text-ink-2">When the event says: {condition.all.map(testText).join(' and ')}</p>;
  }
  return isFilter(condition.filter) ? <PersonSummary filter={condition.filter} /> : null;
}

function PersonSummary({ filter }: { filter: Filter }) {
  const preview = useSegmentPreview(filter);
  return (
    <p className="text-ink-2">{preview.data?.sentence ?? (preview.error === null ? '…' : preview.error.message)}</p>
  );
}
