import type { RunDetail } from '@growthos/contracts/http/sequences.ts';
import { LogOut, Pause, Play, RotateCcw, SkipForward } from 'lucide-react';
import { useState } from 'react';
import { useRunAction } from '../../api/sequences.ts';
import { useMayEdit } from '../../api/session.ts';
import { Button } from '../../design/button.tsx';
import { Confirm } from '../../design/confirm.tsx';
import { toast } from '../../design/toast.tsx';

type Action = 'pause' | 'resume' | 'skip' | 'exit' | 'replay';

const ACTIONS = {
  pause: {
    label: 'Pause',
    icon: Pause,
    asks: 'Nothing is sent to them until you continue. Others in the sequence go on.',
  },
  resume: { label: 'Continue', icon: Play, asks: 'They go on from the step where they stand.' },
  skip: { label: 'Skip step', icon: SkipForward, asks: 'The step where they stand is left out; the next one follows.' },
  exit: {
    label: 'Take out',
    icon: LogOut,
    asks: 'They leave the sequence for good, and nothing more of it is sent to them.',
  },
  replay: { label: 'Try again', icon: RotateCcw, asks: 'The step that failed is tried again.' },
} as const;

const ALLOWED: Readonly<Record<RunDetail['status'], readonly Action[]>> = {
  active: ['pause', 'skip', 'exit'],
  paused: ['resume', 'skip', 'exit'],
  failed: ['replay', 'skip', 'exit'],
  completed: [],
  exited: [],
};

/** What can be done with one person in a sequence; each asks first. */
export function RunActions({ run }: { run: Pick<RunDetail, 'id' | 'status' | 'contact'> }) {
  const [asked, setAsked] = useState<Action | null>(null);
  const act = useRunAction(run.id);
  const mayEdit = useMayEdit();
  const actions = ALLOWED[run.status];
  if (!mayEdit || actions.length === 0) return null;
  const confirm = (action: Action) =>
    act.mutate(action, {
      onSuccess: () => {
        setAsked(null);
        toast(`Done: ${ACTIONS[action].label.toLowerCase()}, ${run.contact.name}.`);
      },
    });
  return (
    <div className="flex flex-wrap gap-2">
      {actions.map((action) => {
        const { label, icon: Icon } = ACTIONS[action];
        return (
          <Button
            key={action}
            size="sm"
            look={action === 'exit' ? 'danger' : 'secondary'}
            onClick={() => setAsked(action)}
          >
            <Icon aria-hidden /> {label}
          </Button>
        );
      })}
      <Confirm
        open={asked !== null}
        onClose={() => setAsked(null)}
        title={asked === null ? '' : `${ACTIONS[asked].label}: ${run.contact.name}?`}
        action={asked === null ? '' : ACTIONS[asked].label}
        danger={asked === 'exit'}
        busy={act.isPending}
        error={act.error?.message}
        onConfirm={() => asked !== null && confirm(asked)}
      >
        {asked !== null && ACTIONS[asked].asks}
      </Confirm>
    </div>
  );
}
