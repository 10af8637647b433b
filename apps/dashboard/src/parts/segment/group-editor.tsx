import type { FilterNode } from '@growthos/contracts/filter/filter.ts';
import type { FilterCatalogue } from '@growthos/contracts/http/segments.ts';
import { Plus, Rows3, TriangleAlert, X } from 'lucide-react';
import { useRef, useState } from 'react';
import { Button, IconButton } from '../../design/button.tsx';
import { ConditionEditor } from './condition-editor.tsx';
import { ConditionPicker } from './condition-picker.tsx';
import { missingIn } from './filter-words.ts';
import { ChoiceSelect } from './value-inputs.tsx';

/** How the members of a group count. "none" and "not all" are the two groups with a "not" before them. */
type Mode = 'all' | 'any' | 'none' | 'not_all';

interface Group {
  readonly mode: Mode;
  readonly of: readonly FilterNode[];
}

function readGroup(node: FilterNode): Group {
  if (node.op === 'and') return { mode: 'all', of: node.of };
  if (node.op === 'or') return { mode: 'any', of: node.of };
  if (node.op === 'not') {
    if (node.of.op === 'or') return { mode: 'none', of: node.of.of };
    if (node.of.op === 'and') return { mode: 'not_all', of: node.of.of };
    return { mode: 'none', of: [node.of] };
  }
  return { mode: 'all', of: [node] };
}

function writeGroup({ mode, of }: Group): FilterNode {
  const list = [...of];
  switch (mode) {
    case 'all':
      return { op: 'and', of: list };
    case 'any':
      return { op: 'or', of: list };
    case 'none':
      return { op: 'not', of: { op: 'or', of: list } };
    case 'not_all':
      return { op: 'not', of: { op: 'and', of: list } };
  }
}

const asMode = (text: string): Mode => (text === 'any' || text === 'none' || text === 'not_all' ? text : 'all');

const MODES = [
  ['all', 'all of these'],
  ['any', 'any of these'],
  ['none', 'none of these'],
] as const;

const GROUP_DEPTH_MAX = 4;

interface GroupEditorProps {
  readonly node: FilterNode;
  readonly catalogue: FilterCatalogue;
  readonly onChange: (node: FilterNode) => void;
  readonly depth?: number;
}

/** Conditions and groups, each a row that reads as a sentence. After adding, the focus is in the new row. */
export function GroupEditor({ node, catalogue, onChange, depth = 0 }: GroupEditorProps) {
  const [isPicking, setPicking] = useState(false);
  const list = useRef<HTMLUListElement>(null);
  const { mode, of } = readGroup(node);
  const set = (next: readonly FilterNode[]) => onChange(writeGroup({ mode, of: next }));
  const focusLast = () =>
    requestAnimationFrame(() =>
      list.current?.querySelector<HTMLElement>(':scope > li:last-child :is(select, input, button)')?.focus(),
    );
  const add = (child: FilterNode) => {
    set([...of, child]);
    focusLast();
  };
  return (
    <div className={depth === 0 ? '' : 'rounded-xl border bg-bg p-3'}>
      <div className="mb-2 flex flex-wrap items-center gap-2">
        <span className="font-medium">{depth === 0 ? 'People for whom' : 'Group:'}</span>
        <ChoiceSelect
          label="How the conditions count"
          value={mode}
          choices={mode === 'not_all' ? [...MODES, ['not_all', 'not all of these']] : MODES}
          onChange={(next) => onChange(writeGroup({ mode: asMode(next), of }))}
        />
        <span>{of.length === 1 && mode !== 'none' ? 'is true' : 'are true'}</span>
      </div>
      <ul ref={list} className="space-y-2">
        {of.map((child, index) => (
          <Row
            key={index}
            node={child}
            catalogue={catalogue}
            depth={depth}
            onChange={(next) => set(of.map((one, at) => (at === index ? next : one)))}
            onRemove={() => set(of.filter((_, at) => at !== index))}
          />
        ))}
      </ul>
      <div className="mt-2 flex flex-wrap gap-2">
        <Button size="sm" onClick={() => setPicking(true)}>
          <Plus aria-hidden /> Add a condition
        </Button>
        {depth < GROUP_DEPTH_MAX && of.length > 0 && (
          <Button size="sm" look="quiet" onClick={() => add({ op: 'or', of: [] })}>
            <Rows3 aria-hidden /> Add a group
          </Button>
        )}
      </div>
      <ConditionPicker open={isPicking} catalogue={catalogue} onClose={() => setPicking(false)} onPick={add} />
    </div>
  );
}

interface RowProps {
  readonly node: FilterNode;
  readonly catalogue: FilterCatalogue;
  readonly depth: number;
  readonly onChange: (node: FilterNode) => void;
  readonly onRemove: () => void;
}

function Row({ node, catalogue, depth, onChange, onRemove }: RowProps) {
  const isGroup = node.op === 'and' || node.op === 'or' || node.op === 'not';
  const missing = isGroup ? null : missingIn(node);
  return (
    <li className="flex items-start gap-1">
      <div className="min-w-0 flex-1">
        {isGroup ? (
          <GroupEditor node={node} catalogue={catalogue} onChange={onChange} depth={depth + 1} />
        ) : (
          <div className="rounded-xl border bg-surface px-3 py-2">
            <div className="flex flex-wrap items-center gap-2">
              <ConditionEditor node={node} catalogue={catalogue} onChange={onChange} />
            </div>
            {missing !== null && (
              <p className="mt-1.5 flex items-center gap-1.5 text-[0.8125rem] text-warn">
                <TriangleAlert className="size-4 shrink-0" aria-hidden /> {missing}
              </p>
            )}
          </div>
        )}
      </div>
      <IconButton label={isGroup ? 'Remove this group' : 'Remove this condition'} onClick={onRemove}>
        <X aria-hidden />
      </IconButton>
    </li>
  );
}
