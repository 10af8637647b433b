import type { PayloadTest } from '@growthos/contracts/sequence/condition.ts';
import { Plus, X } from 'lucide-react';
import { useId } from 'react';
import { Button, IconButton } from '../../design/button.tsx';
import { Input, Select } from '../../design/field.tsx';

const OPS = [
  ['is', 'is'],
  ['is_not', 'is not'],
  ['in', 'is one of'],
  ['not_in', 'is none of'],
  ['gte', 'is at least'],
  ['gt', 'is more than'],
  ['lte', 'is at most'],
  ['lt', 'is less than'],
  ['is_present', 'is given'],
  ['is_missing', 'is not given'],
] as const;

type Plain = string | number | boolean;

/** What somebody typed as the value it means: numbers and yes/no are themselves, everything else is text. */
function plainValue(text: string): Plain {
  const trimmed = text.trim();
  if (trimmed === 'true' || trimmed === 'false') return trimmed === 'true';
  return trimmed !== '' && Number.isFinite(Number(trimmed)) ? Number(trimmed) : text;
}

function shownValue(test: PayloadTest): string {
  if (!('value' in test)) return '';
  return Array.isArray(test.value) ? test.value.join(', ') : String(test.value);
}

function makeTest(field: string, op: string, text: string): PayloadTest {
  switch (op) {
    case 'in':
    case 'not_in':
      return { field, op, value: text.split(',').map((part) => plainValue(part.trim())) };
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return { field, op, value: Number(text) || 0 };
    case 'is_present':
    case 'is_missing':
      return { field, op };
    default:
      return { field, op: op === 'is_not' ? 'is_not' : 'is', value: plainValue(text) };
  }
}

interface PayloadTestsProps {
  readonly tests: readonly PayloadTest[];
  readonly fields: readonly string[];
  readonly onChange: (tests: PayloadTest[]) => void;
}

/** Tests on what an event says: all of them must hold. */
export function PayloadTests({ tests, fields, onChange }: PayloadTestsProps) {
  const listId = useId();
  const set = (at: number, test: PayloadTest) => onChange(tests.map((one, index) => (index === at ? test : one)));
  return (
    <div className="space-y-2">
      <datalist id={listId}>
        {fields.map((field) => (
          <option key={field} value={field} />
        ))}
      </datalist>
      {tests.map((test, index) => (
        <div key={index} className="flex flex-wrap items-center gap-2">
          <Input
            aria-label="Field of the event"
            list={listId}
            required
            value={test.field}
            placeholder="field"
            className="w-44"
            onChange={(event) => set(index, makeTest(event.target.value, test.op, shownValue(test)))}
          />
          <Select
            aria-label="Test"
            value={test.op}
            className="w-auto"
            onChange={(event) => set(index, makeTest(test.field, event.target.value, shownValue(test)))}
          >
            {OPS.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </Select>
          {'value' in test && (
            <Input
              aria-label="Value"
              required
              value={shownValue(test)}
              className="w-44"
              onChange={(event) => set(index, makeTest(test.field, test.op, event.target.value))}
            />
          )}
          <IconButton
            label="Remove this test"
            size="iconSm"
            onClick={() => onChange(tests.filter((_, at) => at !== index))}
          >
            <X aria-hidden />
          </IconButton>
        </div>
      ))}
      <Button
        size="sm"
        look="quiet"
        onClick={() => onChange([...tests, { field: fields[0] ?? '', op: 'is', value: '' }])}
      >
        <Plus aria-hidden /> Only where the event says…
      </Button>
    </div>
  );
}
