import type { SettingField } from '@growthos/contracts/http/settings.ts';
import { ArrowDown, ArrowUp, Plus, X } from 'lucide-react';
import { useId, useState } from 'react';
import { Button, IconButton } from '../../design/button.tsx';
import { Input, Select, TextArea } from '../../design/field.tsx';
import { Switch } from '../../design/switch.tsx';
import { ChannelRules, isChannelRules } from './channel-rules.tsx';

interface SettingInputProps {
  readonly field: SettingField;
  readonly value: unknown;
  readonly isDisabled: boolean;
  /** Maps of this group hold numbers, even while they are empty and cannot say so. */
  readonly hasNumbers: boolean;
  readonly onChange: (value: unknown) => void;
}

/** One rule: its title, its sentence, and the kind of input that the server says it has. */
export function SettingInput(props: SettingInputProps) {
  const { field, value, isDisabled, onChange } = props;
  const id = useId();
  if (field.kind === 'switch') {
    return (
      <Switch
        checked={value === true}
        disabled={isDisabled}
        onChange={onChange}
        label={field.title}
        says={field.says}
      />
    );
  }
  return (
    <div className="grid gap-x-6 gap-y-1.5 md:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
      <div>
        <label htmlFor={id} className="font-medium">
          {field.title}
        </label>
        <p className="text-[0.8125rem] text-ink-3">{field.says}</p>
      </div>
      <div className="min-w-0">
        <Control {...props} id={id} />
      </div>
    </div>
  );
}

const asText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const asMap = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};

function Control({ id, field, value, isDisabled, hasNumbers, onChange }: SettingInputProps & { id: string }) {
  switch (field.kind) {
    case 'choice':
      return (
        <Select id={id} disabled={isDisabled} value={asText(value)} onChange={(event) => onChange(event.target.value)}>
          {field.options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </Select>
      );
    case 'number':
      return (
        <Input
          id={id}
          type="number"
          step="any"
          disabled={isDisabled}
          className="w-32"
          value={asText(value)}
          onChange={(event) => onChange(event.target.value === '' ? null : event.target.valueAsNumber)}
        />
      );
    case 'order':
      return <OrderInput field={field} value={asList(value)} isDisabled={isDisabled} onChange={onChange} />;
    case 'map':
      return (
        <MapInput
          id={id}
          isNumeric={hasNumbers || isNumeric(field)}
          value={asMap(value)}
          isDisabled={isDisabled}
          onChange={onChange}
        />
      );
    case 'list':
      if (isChannelRules(field)) return <ChannelRules value={value} isDisabled={isDisabled} onChange={onChange} />;
      return (
        <TextArea
          id={id}
          disabled={isDisabled}
          className="min-h-20"
          placeholder="One on each line"
          value={asList(value).map(asText).join('\n')}
          onChange={(event) => onChange(event.target.value.split('\n').map((line) => line.trim()))}
          onBlur={() => onChange(asList(value).filter((line) => line !== ''))}
        />
      );
    default:
      return (
        <Input
          id={id}
          type={field.kind === 'date' ? 'date' : 'text'}
          disabled={isDisabled}
          value={asText(value)}
          onChange={(event) => onChange(event.target.value === '' ? null : event.target.value)}
        />
      );
  }
}

/** Whether a map holds numbers: its own values say so, or those of its default. */
const isNumeric = (field: SettingField): boolean =>
  [...Object.values(asMap(field.value)), ...Object.values(asMap(field.default))].some((one) => typeof one === 'number');

function OrderInput({
  field,
  value,
  isDisabled,
  onChange,
}: Omit<SettingInputProps, 'value' | 'hasNumbers'> & { value: readonly unknown[] }) {
  const move = (from: number, to: number) => onChange(value.toSpliced(from, 1).toSpliced(to, 0, value[from]));
  return (
    <ol aria-label={field.title} className="divide-y rounded-lg border">
      {value.map((one, index) => {
        const label = field.options.find((option) => option.value === one)?.label ?? asText(one);
        return (
          <li key={asText(one)} className="flex items-center justify-between gap-2 py-0.5 pr-1 pl-3">
            <span>
              {index + 1}. {label}
            </span>
            {!isDisabled && (
              <span className="flex">
                <IconButton
                  size="iconSm"
                  label={`Move ${label} up`}
                  disabled={index === 0}
                  onClick={() => move(index, index - 1)}
                >
                  <ArrowUp aria-hidden />
                </IconButton>
                <IconButton
                  size="iconSm"
                  label={`Move ${label} down`}
                  disabled={index === value.length - 1}
                  onClick={() => move(index, index + 1)}
                >
                  <ArrowDown aria-hidden />
                </IconButton>
              </span>
            )}
          </li>
        );
      })}
    </ol>
  );
}

interface MapInputProps {
  readonly id: string;
  readonly isNumeric: boolean;
  readonly value: Readonly<Record<string, unknown>>;
  readonly isDisabled: boolean;
  readonly onChange: (value: unknown) => void;
}

/** Pairs such as "eur 1.10"; an unfinished pair is kept on the page until it is complete. */
function MapInput({ id, isNumeric: hasNumbers, value, isDisabled, onChange }: MapInputProps) {
  const [rows, setRows] = useState(() => Object.entries(value).map(([key, one]) => [key, asText(one)] as const));
  const set = (next: (readonly [string, string])[]) => {
    setRows(next);
    const done = next.filter(([key, one]) => key.trim() !== '' && one.trim() !== '');
    onChange(Object.fromEntries(done.map(([key, one]) => [key.trim(), hasNumbers ? Number(one) : one.trim()])));
  };
  return (
    <div className="space-y-1.5">
      {rows.map(([key, one], index) => (
        <div key={index} className="flex gap-1.5">
          <Input
            id={index === 0 ? id : undefined}
            aria-label="Name"
            disabled={isDisabled}
            value={key}
            onChange={(event) => set(rows.map((row, at) => (at === index ? [event.target.value, one] : row)))}
          />
          <Input
            aria-label="Value"
            disabled={isDisabled}
            value={one}
            onChange={(event) => set(rows.map((row, at) => (at === index ? [key, event.target.value] : row)))}
          />
          {!isDisabled && (
            <IconButton label={`Remove ${key}`} onClick={() => set(rows.filter((_, at) => at !== index))}>
              <X aria-hidden />
            </IconButton>
          )}
        </div>
      ))}
      {rows.length === 0 && <p className="text-[0.8125rem] text-ink-3">None.</p>}
      {!isDisabled && (
        <Button size="sm" id={rows.length === 0 ? id : undefined} onClick={() => setRows([...rows, ['', '']])}>
          <Plus aria-hidden /> Add
        </Button>
      )}
    </div>
  );
}
