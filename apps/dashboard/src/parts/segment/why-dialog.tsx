import type { ExplainNode } from '@growthos/contracts/http/segments.ts';
import { CircleCheck, CircleX, Clock } from 'lucide-react';
import { useExplanation } from '../../api/segments.ts';
import { Dialog } from '../../design/dialog.tsx';
import { Notice } from '../../design/notice.tsx';
import { TimeAgo } from '../../design/time-ago.tsx';
import { Answer } from '../answer.tsx';

interface WhyDialogProps {
  readonly contactId: string | null;
  readonly contactName: string;
  readonly segmentId: string | null;
  readonly onClose: () => void;
}

/** Why this person is in the segment, or why not: each condition with the person's own value, and when that flips. */
export function WhyDialog({ contactId, contactName, segmentId, onClose }: WhyDialogProps) {
  const isOpen = contactId !== null && segmentId !== null;
  const explanation = useExplanation(segmentId, contactId);
  const data = explanation.data;
  const title =
    data === undefined
      ? `Why is ${contactName} in, or not?`
      : `Why is ${contactName} ${data.isMember ? '' : 'not '}in “${data.segmentName}”?`;
  return (
    <Dialog open={isOpen} onClose={onClose} title={title} place="side" size="md">
      {isOpen && (
        <Answer query={explanation}>
          {(answer) => (
            <div className="space-y-4">
              <Notice tone={answer.isMember ? 'good' : 'info'}>{answer.sentence}</Notice>
              {answer.nextFlipAt !== null && (
                <p className="flex items-center gap-1.5 text-ink-2">
                  <Clock className="size-4" aria-hidden />
                  {answer.isMember ? 'Leaves' : 'Comes in'} by time alone <TimeAgo at={answer.nextFlipAt} />
                </p>
              )}
              <ul className="space-y-2">
                <Node node={answer.tree} />
              </ul>
            </div>
          )}
        </Answer>
      )}
    </Dialog>
  );
}

const JOIN: Readonly<Record<string, string>> = {
  and: 'All of these must be true',
  or: 'At least one of these must be true',
  not: 'This must not be true',
};

function Node({ node }: { node: ExplainNode }) {
  const Icon = node.isTrue ? CircleCheck : CircleX;
  return (
    <li className="rounded-lg border px-3 py-2.5">
      <div className="flex gap-2.5">
        <Icon
          aria-label={node.isTrue ? 'True' : 'Not true'}
          className={`mt-0.5 size-4.5 shrink-0 ${node.isTrue ? 'text-good' : 'text-bad'}`}
        />
        <div className="min-w-0">
          <p className="font-medium first-letter:uppercase">
            {node.children.length > 0 ? (JOIN[node.op] ?? node.sentence) : node.sentence}
          </p>
          {node.actual !== null && <p className="text-ink-2 first-letter:uppercase">{node.actual}</p>}
          {node.nextFlipAt !== null && node.children.length === 0 && (
            <p className="mt-0.5 flex items-center gap-1.5 text-[0.8125rem] text-ink-3">
              <Clock className="size-3.5" aria-hidden />
              Changes by time alone <TimeAgo at={node.nextFlipAt} />
            </p>
          )}
        </div>
      </div>
      {node.children.length > 0 && (
        <ul className="mt-2 space-y-2">
          {node.children.map((child, index) => (
            <Node key={`${index}:${child.sentence}`} node={child} />
          ))}
        </ul>
      )}
    </li>
  );
}
