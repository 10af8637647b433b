import type { BillingStatus } from '@growthos/contracts/contact-properties.ts';
import {
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CircleMinus,
  CirclePause,
  Hourglass,
  type LucideIcon,
} from 'lucide-react';
import { Badge } from '../design/badge.tsx';
import type { Tone } from '../design/tone.ts';

const LOOK: Readonly<Record<BillingStatus, { tone: Tone; icon: LucideIcon }>> = {
  active: { tone: 'good', icon: CircleCheck },
  trialing: { tone: 'info', icon: Hourglass },
  past_due: { tone: 'bad', icon: CircleAlert },
  unpaid: { tone: 'bad', icon: CircleAlert },
  incomplete: { tone: 'warn', icon: CircleDashed },
  incomplete_expired: { tone: 'mute', icon: CircleMinus },
  paused: { tone: 'warn', icon: CirclePause },
  canceled: { tone: 'mute', icon: CircleMinus },
  none: { tone: 'mute', icon: CircleDashed },
};

/** The status in the server's words, with a shape of its own. */
export function BillingStatusBadge({ status, label }: { status: BillingStatus; label: string }) {
  const { tone, icon: Icon } = LOOK[status];
  return (
    <Badge tone={tone} icon={<Icon aria-hidden />}>
      {label}
    </Badge>
  );
}
