interface SparklineProps {
  readonly values: readonly number[];
  /** Read out instead of the picture, such as "41 people now, 35 thirty days ago". */
  readonly label: string;
  readonly className?: string;
}

const WIDTH = 96;
const HEIGHT = 24;
const PAD = 2;

/** A small line without axes: the shape of the last weeks. */
export function Sparkline({ values, label, className }: SparklineProps) {
  if (values.length < 2) return null;
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  const points = values.map((value, index) => {
    const x = PAD + (index * (WIDTH - 2 * PAD)) / (values.length - 1);
    const y = HEIGHT - PAD - ((value - low) * (HEIGHT - 2 * PAD)) / span;
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className={className ?? 'h-6 w-24'} role="img" aria-label={label}>
      <polyline
        points={points.join(' ')}
        fill="none"
        className="stroke-accent"
        strokeWidth="1.75"
        strokeLinejoin="round"
        strokeLinecap="round"
      />
    </svg>
  );
}
