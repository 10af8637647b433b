import type { DateTest, DateUnit, Span } from '@growthos/contracts/filter/filter.ts';
import { moneyText } from '@growthos/contracts/filter/money-text.ts';
import { X } from 'lucide-react';
import { useId, useState } from 'react';
import { cn } from '../../design/cn.ts';
import { Input, Select } from '../../design/field.tsx';
import { type Choice, UNIT_CHOICES } from './filter-words.ts';

const TOGGLES_MAX = 14;

/** A list of words to choose from, drawn as one of the browser's own. */
export function ChoiceSelect(props: {
  label: string;
  value: string;
  choices: readonly Choice[];
  onChange: (value: string) => void;
  className?: string;
}) {
  return (
    <Select
      aria-label={props.label}
      value={props.value}
      onChange={(event) => props.onChange(event.target.value)}
      className={cn('w-auto max-w-full', props.className)}
    >
      {props.choices.map(([value, label]) => (
        <option key={value} value={value}>
          {label}
        </option>
      ))}
    </Select>
  );
}

interface ValuesProps {
  readonly label: string;
  readonly values: readonly string[];
  readonly offered: readonly string[];
  readonly onChange: (values: string[]) => void;
}

const inWords = (value: string): string => value.replaceAll('_', ' ');

/** One or more values: pressed on or off where there are few, else typed, with what the workspace knows as suggestions. */
export function ValuesInput({ label, values, offered, onChange }: ValuesProps) {
  if (offered.length > 0 && offered.length <= TOGGLES_MAX) {
    const shown = [...offered, ...values.filter((value) => !offered.includes(value))];
    const toggle = (value: string) =>
      onChange(values.includes(value) ? values.filter((one) => one !== value) : [...values, value]);
    return (
      <div role="group" aria-label={label} className="flex flex-wrap gap-1.5">
        {shown.map((value) => (
          <button
            key={value}
            type="button"
            aria-pressed={values.includes(value)}
            onClick={() => toggle(value)}
            className={cn(
              'min-h-8 rounded-full border px-3 text-[0.8125rem] font-medium',
              values.includes(value)
                ? 'border-accent bg-accent-soft text-accent-ink'
                : 'border-line-strong/60 text-ink-2 hover:bg-sunken',
            )}
          >
            {values.includes(value) && <span aria-hidden>✓ </span>}
            {inWords(value)}
          </button>
        ))}
      </div>
    );
  }
  return <TypedValues label={label} values={values} offered={offered} onChange={onChange} />;
}

function TypedValues({ label, values, offered, onChange }: ValuesProps) {
  const [text, setText] = useState('');
  const listId = useId();
  const add = () => {
    const next = text.trim();
    setText('');
    if (next !== '' && !values.includes(next)) onChange([...values, next]);
  };
  return (
    <div className="flex min-w-0 flex-wrap items-center gap-1.5">
      {values.map((value) => (
        <span
          key={value}
          className="inline-flex min-h-8 items-center gap-1 rounded-full bg-accent-soft pr-1 pl-3 text-[0.8125rem] font-medium text-accent-ink"
        >
          {value}
          <button
            type="button"
            aria-label={`Remove ${value}`}
            className="flex size-6 items-center justify-center rounded-full hover:bg-surface"
            onClick={() => onChange(values.filter((one) => one !== value))}
          >
            <X className="size-3.5" aria-hidden />
          </button>
        </span>
      ))}
      <Input
        aria-label={label}
        list={listId}
        value={text}
        placeholder={values.length === 0 ? 'Type a value, then Enter' : 'or another, then Enter'}
        className="w-52"
        onChange={(event) => {
          const next = event.target.value;
          if (offered.includes(next) && !values.includes(next)) {
            setText('');
            onChange([...values, next]);
          } else setText(next);
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' && event.key !== ',') return;
          event.preventDefault();
          add();
        }}
        onBlur={add}
      />
      <datalist id={listId}>
        {offered.map((value) => (
          <option key={value} value={value} />
        ))}
      </datalist>
    </div>
  );
}

interface NumberProps {
  readonly label: string;
  readonly value: number;
  readonly onChange: (value: number) => void;
  readonly min?: number;
  readonly isWhole?: boolean;
}

/** A number that may be empty for a moment while somebody types; only numbers are handed on. */
export function NumberInput({ label, value, onChange, min, isWhole = false }: NumberProps) {
  const [text, setText] = useState(String(value));
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    setText(String(value));
  }
  const take = (next: string) => {
    setText(next);
    const number = Number(next);
    if (
      next.trim() === '' ||
      !Number.isFinite(number) ||
      (isWhole && !Number.isInteger(number)) ||
      (min !== undefined && number < min)
    )
      return;
    setKnown(number);
    onChange(number);
  };
  return (
    <Input
      aria-label={label}
      type="number"
      inputMode={isWhole ? 'numeric' : 'decimal'}
      step={isWhole ? 1 : 'any'}
      min={min}
      value={text}
      onChange={(event) => take(event.target.value)}
      onBlur={() => setText(String(value))}
      className="w-24"
    />
  );
}

/** How many digits the currency has after its point, as the contracts write it. */
const digitsOf = (currency: string): number => (moneyText(1, currency).split(' ')[0]?.split('.')[1] ?? '').length;

interface MoneyInputProps {
  readonly label: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly onChange: (amountMinor: number) => void;
}

/** An amount as people write it, "49.99"; kept in the currency's minor unit. */
export function MoneyInput({ label, amountMinor, currency, onChange }: MoneyInputProps) {
  const shown = moneyText(amountMinor, currency).split(' ')[0] ?? '';
  const [text, setText] = useState<string | null>(null);
  const take = (next: string) => {
    setText(next);
    const digits = digitsOf(currency);
    const match = /^(\d{1,12})(?:[.,](\d*))?$/.exec(next.trim());
    if (match === null || (match[2] ?? '').length > digits) return;
    onChange(Number(`${match[1]}${(match[2] ?? '').padEnd(digits, '0')}`));
  };
  return (
    <Input
      aria-label={label}
      inputMode="decimal"
      value={text ?? shown}
      onChange={(event) => take(event.target.value)}
      onBlur={() => setText(null)}
      className="w-28"
    />
  );
}

export function CurrencyInput({ value, onChange }: { value: string; onChange: (currency: string) => void }) {
  const [text, setText] = useState<string | null>(null);
  return (
    <Input
      aria-label="Currency"
      maxLength={3}
      value={text ?? value.toUpperCase()}
      onChange={(event) => {
        setText(event.target.value);
        if (/^[a-z]{3}$/i.test(event.target.value)) onChange(event.target.value.toLowerCase());
      }}
      onBlur={() => setText(null)}
      className="w-18 uppercase"
    />
  );
}

export function SpanInput({ span, onChange }: { span: Span; onChange: (span: Span) => void }) {
  return (
    <span className="inline-flex items-center gap-1.5">
      <NumberInput label="How many" isWhole min={1} value={span.n} onChange={(n) => onChange({ ...span, n })} />
      <ChoiceSelect
        label="Unit of time"
        value={span.unit}
        choices={UNIT_CHOICES}
        onChange={(unit) => onChange({ ...span, unit: asUnit(unit) })}
      />
    </span>
  );
}

const asUnit = (text: string): DateUnit =>
  text === 'minutes' || text === 'hours' || text === 'weeks' || text === 'months' ? text : 'days';

/** What stands after "is in the next": a span of time, or a day. */
export function DateTestInput({ test, onChange }: { test: DateTest; onChange: (test: DateTest) => void }) {
  if ('n' in test) return <SpanInput span={test} onChange={(span) => onChange({ ...test, ...span })} />;
  return (
    <Input
      aria-label="Day"
      type="date"
      required
      value={test.date.slice(0, 10)}
      onChange={(event) => event.target.value !== '' && onChange({ ...test, date: event.target.value })}
      className="w-40"
    />
  );
}
