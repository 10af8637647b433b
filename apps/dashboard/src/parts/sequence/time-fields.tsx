import type { LocalWindow, SequenceDuration } from '@growthos/contracts/sequence/duration.ts';
import { useId } from 'react';
import { Input, Select } from '../../design/field.tsx';
import { cn } from '../../design/cn.ts';

const PARTS = ['days', 'hours', 'minutes'] as const;
const MAX = { days: 365, hours: 23, minutes: 59 } as const;

interface DurationProps {
  readonly label: string;
  readonly value: SequenceDuration;
  readonly onChange: (value: SequenceDuration) => void;
}

/** Days, hours and minutes beside each other; they are added up. */
export function DurationFields({ label, value, onChange }: DurationProps) {
  const id = useId();
  return (
    <fieldset>
      <legend className="mb-1 font-medium">{label}</legend>
      <div className="flex flex-wrap gap-3">
        {PARTS.map((part) => (
          <span key={part} className="flex items-center gap-1.5">
            <Input
              id={`${id}-${part}`}
              type="number"
              min={0}
              max={MAX[part]}
              step={1}
              value={value[part] ?? ''}
              placeholder="0"
              className="w-18"
              onChange={(event) => {
                const { [part]: _, ...rest } = value;
                const next = event.target.valueAsNumber;
                onChange(Number.isInteger(next) && next > 0 ? { ...rest, [part]: Math.min(next, MAX[part]) } : rest);
              }}
            />
            <label htmlFor={`${id}-${part}`}>{part}</label>
          </span>
        ))}
      </div>
    </fieldset>
  );
}

const flip = (value: SequenceDuration, sign: number): SequenceDuration =>
  Object.fromEntries(
    PARTS.filter((part) => value[part] !== undefined).map((part) => [part, (value[part] ?? 0) * sign]),
  );

/** "3 days before the date", as a sign and a duration. */
export function OffsetFields({
  value,
  onChange,
}: {
  value: SequenceDuration;
  onChange: (value: SequenceDuration) => void;
}) {
  const isBefore = PARTS.some((part) => (value[part] ?? 0) < 0);
  const size = flip(value, isBefore ? -1 : 1);
  return (
    <div className="flex flex-wrap items-end gap-3">
      <DurationFields label="How long" value={size} onChange={(next) => onChange(isBefore ? flip(next, -1) : next)} />
      <Select
        aria-label="Before or after"
        className="w-auto"
        value={isBefore ? 'before' : 'after'}
        onChange={(event) => onChange(flip(size, event.target.value === 'before' ? -1 : 1))}
      >
        <option value="before">before it</option>
        <option value="after">after it</option>
      </Select>
    </div>
  );
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;

/** Hours of the day, and days of the week, in the person's own time zone. */
export function WindowFields({ value, onChange }: { value: LocalWindow; onChange: (value: LocalWindow) => void }) {
  const toggle = (day: number) => {
    const days = value.days.includes(day)
      ? value.days.filter((one) => one !== day)
      : [...value.days, day].toSorted((a, b) => a - b);
    if (days.length > 0) onChange({ ...value, days });
  };
  return (
    <div className="space-y-2">
      <HoursFields value={value} onChange={(hours) => onChange({ ...value, ...hours })} />
      <div role="group" aria-label="Days" className="flex flex-wrap gap-1.5">
        {DAYS.map((name, index) => (
          <button
            key={name}
            type="button"
            aria-pressed={value.days.includes(index + 1)}
            onClick={() => toggle(index + 1)}
            className={cn(
              'min-h-8 rounded-full border px-3 text-[0.8125rem] font-medium',
              value.days.includes(index + 1)
                ? 'border-accent bg-accent-soft text-accent-ink'
                : 'border-line-strong/60 text-ink-2',
            )}
          >
            {name}
          </button>
        ))}
      </div>
    </div>
  );
}

export function HoursFields({
  value,
  onChange,
}: {
  value: { from: string; to: string };
  onChange: (value: { from: string; to: string }) => void;
}) {
  return (
    <div className="flex flex-wrap items-center gap-2">
      <span>from</span>
      <Input
        aria-label="From"
        type="time"
        required
        value={value.from}
        className="w-32"
        onChange={(event) => event.target.value !== '' && onChange({ ...value, from: event.target.value })}
      />
      <span>to</span>
      <Input
        aria-label="To"
        type="time"
        required
        value={value.to}
        className="w-32"
        onChange={(event) => event.target.value !== '' && onChange({ ...value, to: event.target.value })}
      />
      <span className="text-ink-3">in the person’s time zone</span>
    </div>
  );
}
