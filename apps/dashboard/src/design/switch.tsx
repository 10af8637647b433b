import { Switch as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { useId } from 'react';

interface SwitchProps {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly label: ReactNode;
  readonly says?: ReactNode;
  readonly disabled?: boolean;
}

/** On or off, said in words beside it. */
export function Switch({ checked, onChange, label, says, disabled = false }: SwitchProps) {
  const id = useId();
  return (
    <div className="flex items-start gap-3">
      <Radix.Root
        id={id}
        checked={checked}
        disabled={disabled}
        onCheckedChange={onChange}
        className="mt-0.5 inline-flex h-6 w-10 shrink-0 items-center rounded-full border border-line-strong bg-sunken px-0.5 transition-colors disabled:opacity-55 data-[state=checked]:border-accent data-[state=checked]:bg-accent"
      >
        <Radix.Thumb className="size-4.5 rounded-full bg-line-strong transition-transform data-[state=checked]:translate-x-4 data-[state=checked]:bg-on-accent" />
      </Radix.Root>
      <div className="min-w-0">
        <label htmlFor={id} className="cursor-pointer font-medium">
          {label} <span className="font-normal text-ink-3">{checked ? '(on)' : '(off)'}</span>
        </label>
        {says !== undefined && <p className="text-[0.8125rem] text-ink-3">{says}</p>}
      </div>
    </div>
  );
}
