import type { SequenceDetail } from '@growthos/contracts/http/sequences.ts';
import { Link } from '@tanstack/react-router';
import { Pause, Pencil, Play, Power } from 'lucide-react';
import { useState } from 'react';
import {
  useEditPreview,
  useOverdue,
  usePauseSequence,
  useResumeSequence,
  useSwitchOff,
  useSwitchOn,
} from '../../api/sequences.ts';
import { useMayEdit } from '../../api/session.ts';
import { Button, buttonClass } from '../../design/button.tsx';
import { Confirm } from '../../design/confirm.tsx';
import { Dialog } from '../../design/dialog.tsx';
import { Switch } from '../../design/switch.tsx';
import { toast } from '../../design/toast.tsx';
import { AnswerError } from '../answer-error.tsx';
import { DryRunButton } from './dry-run-dialog.tsx';

type Asking = 'on' | 'off' | 'pause' | 'resume' | null;

/** On, off, pause, continue; each says first what it does to the people inside. */
export function SequenceControls({ sequence }: { sequence: SequenceDetail }) {
  const [asking, setAsking] = useState<Asking>(null);
  const mayEdit = useMayEdit();
  const close = () => setAsking(null);
  if (!mayEdit) return <DryRunButton definition={sequence.definition} />;
  const { status } = sequence;
  return (
    <>
      <DryRunButton definition={sequence.definition} />
      <Link to="/sequences/$sequenceId/edit" params={{ sequenceId: sequence.id }} className={buttonClass({})}>
        <Pencil aria-hidden /> Edit
      </Link>
      {status === 'live' && (
        <>
          <Button onClick={() => setAsking('pause')}>
            <Pause aria-hidden /> Pause
          </Button>
          <Button look="danger" onClick={() => setAsking('off')}>
            <Power aria-hidden /> Switch off
          </Button>
        </>
      )}
      {status === 'paused' && (
        <Button look="primary" onClick={() => setAsking('resume')}>
          <Play aria-hidden /> Continue
        </Button>
      )}
      {(status === 'draft' || (sequence.hasUnpublishedChanges && status !== 'archived')) && (
        <Button look="primary" onClick={() => setAsking('on')}>
          <Power aria-hidden /> {status === 'draft' ? 'Switch on' : 'Publish the changes'}
        </Button>
      )}
      {asking === 'on' && <SwitchOn sequence={sequence} onClose={close} />}
      {asking === 'off' && <SwitchOff sequence={sequence} onClose={close} />}
      {asking === 'pause' && <PauseAll sequence={sequence} onClose={close} />}
      {asking === 'resume' && <Resume sequence={sequence} onClose={close} />}
    </>
  );
}

interface AskProps {
  readonly sequence: SequenceDetail;
  readonly onClose: () => void;
}

function SwitchOn({ sequence, onClose }: AskProps) {
  const [includeNow, setIncludeNow] = useState(false);
  const switchOn = useSwitchOn(sequence.id);
  const preview = useEditPreview(sequence.id);
  const isEdit = sequence.liveVersion !== null;
  const hasPeople = sequence.definition.trigger.kind !== 'event';
  return (
    <Confirm
      open
      onClose={onClose}
      title={isEdit ? `Publish the changes of “${sequence.name}”?` : `Switch on “${sequence.name}”?`}
      action={isEdit ? 'Publish' : 'Switch on'}
      busy={switchOn.isPending}
      error={switchOn.error?.message}
      onConfirm={() =>
        switchOn.mutate(includeNow, {
          onSuccess: () => {
            toast(isEdit ? 'The changes are live.' : `“${sequence.name}” is on.`);
            onClose();
          },
        })
      }
    >
      <div className="space-y-4">
        <p>
          {isEdit
            ? 'People who come in from now on get the new version. Those inside follow it from where they stand.'
            : 'From now on people come in by themselves, and messages go out.'}
        </p>
        {isEdit && preview.data === undefined && (
          <Button size="sm" busy={preview.isPending} onClick={() => preview.mutate(sequence.definition)}>
            What does it do to the people inside?
          </Button>
        )}
        {preview.error !== null && <AnswerError error={preview.error} />}
        {preview.data !== undefined && (
          <ul className="list-disc space-y-1 pl-5 text-ink">
            {preview.data.sentences.length === 0 && <li>Nobody is inside: nothing changes for anybody.</li>}
            {preview.data.sentences.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        )}
        {hasPeople && !isEdit && (
          <Switch
            checked={includeNow}
            onChange={setIncludeNow}
            label="Also people who match already"
            says="Off: only those who come in from now on."
          />
        )}
      </div>
    </Confirm>
  );
}

function SwitchOff({ sequence, onClose }: AskProps) {
  const [doExit, setExit] = useState(false);
  const switchOff = useSwitchOff(sequence.id);
  return (
    <Confirm
      open
      onClose={onClose}
      title={`Switch off “${sequence.name}”?`}
      action="Switch off"
      danger
      busy={switchOff.isPending}
      error={switchOff.error?.message}
      onConfirm={() => switchOff.mutate(doExit ? 'exit' : 'finish', { onSuccess: onClose })}
    >
      <div className="space-y-4">
        <p>Nobody comes in any more. {sequence.counts.active.toLocaleString('en')} people are inside.</p>
        <Switch checked={doExit} onChange={setExit} label="Take them out now" says="Off: they go on to their end." />
      </div>
    </Confirm>
  );
}

function PauseAll({ sequence, onClose }: AskProps) {
  const pause = usePauseSequence(sequence.id);
  return (
    <Confirm
      open
      onClose={onClose}
      title={`Pause “${sequence.name}”?`}
      action="Pause"
      busy={pause.isPending}
      error={pause.error?.message}
      onConfirm={() => pause.mutate(undefined, { onSuccess: onClose })}
    >
      Nobody comes in and nobody moves until you continue. What falls due meanwhile waits; you are asked about it then.
    </Confirm>
  );
}

function Resume({ sequence, onClose }: AskProps) {
  const overdue = useOverdue(sequence.id, true);
  const resume = useResumeSequence(sequence.id);
  const go = (what: 'send' | 'skip') => resume.mutate(what, { onSuccess: onClose });
  return (
    <Dialog
      open
      onClose={onClose}
      size="sm"
      title={`Continue “${sequence.name}”?`}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          {overdue.data !== undefined && overdue.data.messages > 0 && (
            <Button busy={resume.isPending} onClick={() => go('send')}>
              Send them now
            </Button>
          )}
          <Button look="primary" busy={resume.isPending} onClick={() => go('skip')}>
            {overdue.data !== undefined && overdue.data.messages > 0 ? 'Leave them out' : 'Continue'}
          </Button>
        </>
      }
    >
      <p className="text-ink-2">{overdue.data?.sentence ?? 'Counting what fell due meanwhile…'}</p>
      {(overdue.error ?? resume.error) !== null && (
        <p role="alert" className="mt-3 text-bad">
          {(overdue.error ?? resume.error)?.message}
        </p>
      )}
    </Dialog>
  );
}
