import type { TrendPoint } from '@growthos/contracts/http/segments.ts';
import { Sparkline } from '../../design/sparkline.tsx';

/** The last 30 days as a line, and where it came from in words. */
export function Trend({ trend, memberCount }: { trend: readonly TrendPoint[]; memberCount: number }) {
  const first = trend[0];
  const words =
    first === undefined
      ? ''
      : `${first.members.toLocaleString('en')} on ${first.day}, ${memberCount.toLocaleString('en')} now`;
  return (
    <span className="w-24" title={words}>
      <Sparkline values={trend.map((point) => point.members)} label={words} />
    </span>
  );
}
