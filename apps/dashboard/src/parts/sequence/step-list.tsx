import type { Step, StepKind } from '@growthos/contracts/sequence/step.ts';
import { ArrowDown, ArrowUp, ChevronDown, Copy, Ellipsis, Plus, Trash2 } from 'lucide-react';
import { createContext, useContext } from 'react';
import { Button, IconButton } from '../../design/button.tsx';
import { cn } from '../../design/cn.ts';
import { Input } from '../../design/field.tsx';
import { Menu, MenuItem, MenuLine } from '../../design/menu.tsx';
import { ConditionFields } from './condition-fields.tsx';
import { ConditionSummary } from './condition-summary.tsx';
import { StepFields } from './step-fields.tsx';
import { freshStep, STEP_KINDS, stepLine } from './step-words.ts';

interface Editing {
  /** The step that is open; one at a time. */
  readonly openId: string | null;
  readonly open: (id: string | null) => void;
  /** Ids in use anywhere in the sequence. */
  readonly taken: ReadonlySet<string>;
  /** Fields of the event that starts a run, for conditions on it. */
  readonly fields: readonly string[];
}
export const StepEditing = createContext<Editing>({ openId: null, open: () => {}, taken: new Set(), fields: [] });

interface StepListProps {
  readonly steps: readonly Step[];
  readonly onChange: (steps: Step[]) => void;
  readonly label: string;
}

/** Steps from top to bottom, with a place to add between any two. */
export function StepList({ steps, onChange, label }: StepListProps) {
  const { open, taken } = useContext(StepEditing);
  const insert = (at: number, kind: StepKind) => {
    const step = freshStep(kind, taken);
    onChange(steps.toSpliced(at, 0, step));
    open(step.id);
  };
  const move = (from: number, to: number) => {
    const step = steps[from];
    if (step !== undefined) onChange(steps.toSpliced(from, 1).toSpliced(to, 0, step));
  };
  return (
    <div>
      <ol aria-label={label}>
        {steps.map((step, index) => (
          <li key={step.id}>
            <StepCard
              step={step}
              place={index + 1}
              isFirst={index === 0}
              isLast={index === steps.length - 1}
              onChange={(next) => onChange(steps.map((one) => (one.id === step.id ? next : one)))}
              onMove={(by) => move(index, index + by)}
              onRemove={() => onChange(steps.filter((one) => one.id !== step.id))}
              onCopy={() => onChange(steps.toSpliced(index + 1, 0, { ...step, id: freshStep(step.kind, taken).id }))}
            />
            <AddStep onAdd={(kind) => insert(index + 1, kind)} isLast={index === steps.length - 1} />
          </li>
        ))}
      </ol>
      {steps.length === 0 && <AddStep onAdd={(kind) => insert(0, kind)} isLast />}
    </div>
  );
}

function AddStep({ onAdd, isLast }: { onAdd: (kind: StepKind) => void; isLast: boolean }) {
  return (
    <div className="flex flex-col items-center">
      <span aria-hidden className="h-2.5 w-px bg-line-strong/60" />
      <Menu
        align="start"
        trigger={
          isLast ? (
            <Button size="sm">
              <Plus aria-hidden /> Add a step
            </Button>
          ) : (
            <IconButton label="Add a step here" size="iconSm" look="secondary" className="size-6 rounded-full">
              <Plus aria-hidden />
            </IconButton>
          )
        }
      >
        {(Object.keys(STEP_KINDS) as StepKind[]).map((kind) => {
          const { label, says, icon: Icon } = STEP_KINDS[kind];
          return (
            <MenuItem key={kind} onSelect={() => onAdd(kind)}>
              <Icon aria-hidden />
              <span className="py-1">
                <span className="block leading-tight font-medium">{label}</span>
                <span className="block text-xs text-ink-3">{says}</span>
              </span>
            </MenuItem>
          );
        })}
      </Menu>
      {!isLast && <span aria-hidden className="h-2.5 w-px bg-line-strong/60" />}
    </div>
  );
}

interface StepCardProps {
  readonly step: Step;
  readonly place: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  readonly onChange: (step: Step) => void;
  readonly onMove: (by: 1 | -1) => void;
  readonly onRemove: () => void;
  readonly onCopy: () => void;
}

function StepCard({ step, place, isFirst, isLast, onChange, onMove, onRemove, onCopy }: StepCardProps) {
  const { openId, open } = useContext(StepEditing);
  const isOpen = openId === step.id;
  const { label, icon: Icon } = STEP_KINDS[step.kind];
  const hasArms = step.kind === 'branch' || step.kind === 'split' || step.kind === 'wait_for_event';
  return (
    <div className={cn('rounded-xl border bg-surface', isOpen && 'border-accent')}>
      <div className="flex items-center gap-1 pr-2">
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={() => open(isOpen ? null : step.id)}
          className="flex min-w-0 flex-1 items-center gap-3 rounded-xl px-3 py-2.5 text-left -outline-offset-2"
        >
          <span className="flex size-8 shrink-0 items-center justify-center rounded-lg bg-accent-soft text-accent-ink">
            <Icon className="size-4.5" aria-hidden />
          </span>
          <span className="min-w-0 flex-1">
            <span className="block text-[0.8125rem] text-ink-3">
              {place}. {step.name ?? label}
              {step.onlyIf !== undefined && ', only for some'}
            </span>
            <span className="block truncate font-medium">{stepLine(step)}</span>
          </span>
          <ChevronDown
            className={cn('size-4 shrink-0 text-ink-3 transition-transform', isOpen && 'rotate-180')}
            aria-hidden
          />
        </button>
        <Menu
          trigger={
            <IconButton label={`More about step ${place}`} size="iconSm">
              <Ellipsis aria-hidden />
            </IconButton>
          }
        >
          <MenuItem disabled={isFirst} onSelect={() => onMove(-1)}>
            <ArrowUp aria-hidden /> Move up
          </MenuItem>
          <MenuItem disabled={isLast} onSelect={() => onMove(1)}>
            <ArrowDown aria-hidden /> Move down
          </MenuItem>
          {!hasArms && (
            <MenuItem onSelect={onCopy}>
              <Copy aria-hidden /> Make a copy below
            </MenuItem>
          )}
          <MenuLine />
          <MenuItem danger onSelect={onRemove}>
            <Trash2 aria-hidden /> Remove
          </MenuItem>
        </Menu>
      </div>
      {isOpen && <OpenStep step={step} onChange={onChange} />}
      {hasArms && <Arms step={step} onChange={onChange} />}
    </div>
  );
}

function OpenStep({ step, onChange }: { step: Step; onChange: (step: Step) => void }) {
  const { fields } = useContext(StepEditing);
  return (
    <div className="space-y-5 border-t px-4 py-4">
      <StepFields step={step} onChange={onChange} />
      <details className="border-t pt-3" open={step.onlyIf !== undefined}>
        <summary className="font-medium">Name and condition</summary>
        <div className="mt-3 space-y-4">
          <label className="block max-w-sm font-medium">
            Name of this step (optional)
            <Input
              maxLength={100}
              className="mt-1 font-normal"
              value={step.name ?? ''}
              onChange={(event) =>
                onChange({ ...step, name: event.target.value === '' ? undefined : event.target.value })
              }
            />
          </label>
          <ConditionFields
            label="Who gets this step"
            value={step.onlyIf}
            fields={fields}
            onChange={(onlyIf) => onChange({ ...step, onlyIf })}
          />
        </div>
      </details>
    </div>
  );
}

function Arms({ step, onChange }: { step: Step; onChange: (step: Step) => void }) {
  const { fields, openId } = useContext(StepEditing);
  if (step.kind === 'wait_for_event') {
    return (
      <div className="space-y-3 border-t p-3">
        <Arm title="If it happens">
          <StepList label="If it happens" steps={step.onEvent} onChange={(onEvent) => onChange({ ...step, onEvent })} />
        </Arm>
        <Arm title="If it does not happen in time">
          <StepList
            label="If it does not happen"
            steps={step.onTimeout}
            onChange={(onTimeout) => onChange({ ...step, onTimeout })}
          />
        </Arm>
      </div>
    );
  }
  if (step.kind === 'split') {
    const set = (at: number, arm: Partial<(typeof step.arms)[number]>) =>
      onChange({ ...step, arms: step.arms.map((one, index) => (index === at ? { ...one, ...arm } : one)) });
    return (
      <div className="space-y-3 border-t p-3">
        {step.arms.map((arm, index) => (
          <Arm
            key={index}
            title={
              <span className="flex items-center gap-2">
                Version {String.fromCodePoint(65 + index)}
                <Input
                  aria-label="Percent"
                  type="number"
                  min={0}
                  max={100}
                  className="w-20"
                  value={arm.percent}
                  onChange={(event) => set(index, { percent: event.target.valueAsNumber || 0 })}
                />{' '}
                %
              </span>
            }
          >
            <StepList label={`Version ${index + 1}`} steps={arm.steps} onChange={(steps) => set(index, { steps })} />
          </Arm>
        ))}
      </div>
    );
  }
  if (step.kind !== 'branch') return null;
  const set = (at: number, arm: Partial<(typeof step.arms)[number]>) =>
    onChange({ ...step, arms: step.arms.map((one, index) => (index === at ? { ...one, ...arm } : one)) });
  return (
    <div className="space-y-3 border-t p-3">
      {step.arms.map((arm, index) => (
        <Arm key={index} title={`Way ${index + 1}`}>
          {openId !== step.id ? (
            <div className="mb-3">
              <ConditionSummary condition={arm.when} />
            </div>
          ) : (
            <div className="mb-3">
              <ConditionFields
                label="Who goes this way"
                mayBeEmpty={false}
                value={arm.when}
                fields={fields}
                onChange={(when) => when !== undefined && set(index, { when })}
              />
              {step.arms.length > 1 && (
                <Button
                  size="sm"
                  look="quiet"
                  className="mt-2"
                  onClick={() => onChange({ ...step, arms: step.arms.filter((_, at) => at !== index) })}
                >
                  <Trash2 aria-hidden /> Remove this way
                </Button>
              )}
            </div>
          )}
          <StepList label={`Way ${index + 1}`} steps={arm.steps} onChange={(steps) => set(index, { steps })} />
        </Arm>
      ))}
      <Button
        size="sm"
        look="quiet"
        onClick={() =>
          onChange({
            ...step,
            arms: [
              ...step.arms,
              { when: { kind: 'contact', filter: { version: 1, where: { op: 'and', of: [] } } }, steps: [] },
            ],
          })
        }
      >
        <Plus aria-hidden /> Another way
      </Button>
      <Arm title="Everybody else">
        <StepList
          label="Everybody else"
          steps={step.otherwise}
          onChange={(otherwise) => onChange({ ...step, otherwise })}
        />
      </Arm>
    </div>
  );
}

function Arm({ title, children }: { title: React.ReactNode; children: React.ReactNode }) {
  return (
    <div className="rounded-xl border border-dashed border-line-strong/60 bg-bg p-3">
      <div className="mb-2 font-medium">{title}</div>
      {children}
    </div>
  );
}
