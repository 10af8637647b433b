import { cn } from '../../design/cn.ts';
import { Select } from '../../design/field.tsx';

/** Narrows a list of events to one type; '' is any. */
export function TypeSelect(props: {
  types: readonly string[];
  value: string | undefined;
  onChange: (type: string) => void;
  className: string;
}) {
  return (
    <Select
      aria-label="Type"
      className={cn('w-auto max-w-full', props.className)}
      value={props.value ?? ''}
      onChange={(event) => props.onChange(event.target.value)}
    >
      <option value="">Any type</option>
      {props.types.map((one) => (
        <option key={one} value={one}>
          {one}
        </option>
      ))}
    </Select>
  );
}
