interface ProgressProps {
  /** 0 to 1; null while the end is not known. */
  readonly fraction: number | null;
  readonly label: string;
}

/** The browser's own progress element, drawn as a thin bar. */
export function Progress({ fraction, label }: ProgressProps) {
  return (
    <progress
      aria-label={label}
      max={1}
      {...(fraction === null ? {} : { value: fraction })}
      className="block h-2 w-full appearance-none overflow-hidden rounded-full bg-sunken [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-sunken [&::-webkit-progress-value]:rounded-full [&::-webkit-progress-value]:bg-accent"
    />
  );
}
