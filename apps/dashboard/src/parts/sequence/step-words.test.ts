import { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import { Step, type StepKind } from '@growthos/contracts/sequence/step.ts';
import { describe, expect, test } from 'vitest';
import { plainWords } from '../plain-words.ts';
import { findStep, freshSequence, freshStep, offsetText, STEP_KINDS, stepIds } from './step-words.ts';

describe('the editor of sequences', () => {
  test.each(Object.keys(STEP_KINDS) as StepKind[])('a fresh %s step is one that the server takes', (kind) => {
    expect(Step.safeParse(freshStep(kind, new Set())).error).toBeUndefined();
  });

  test('a sequence started from a segment is whole from the beginning', () => {
    const sequence = { ...freshSequence({ segment: 'failed_payment', segmentName: 'Failed payment' }), name: 'x' };
    expect(SequenceDefinition.safeParse(sequence).error).toBeUndefined();
    expect(sequence.trigger).toEqual({ kind: 'segment', on: 'entered', segment: 'failed_payment' });
  });

  test('no two steps get the same id, inside branches neither', () => {
    const inner = freshStep('email', new Set());
    const branch = freshStep('branch', new Set());
    const steps = [branch.kind === 'branch' ? { ...branch, otherwise: [inner] } : branch];
    expect(freshStep('email', stepIds(steps)).id).toBe('email_2');
    expect(findStep(steps, 'email_1')).toBe(inner);
  });

  test('an offset is said as people say it', () => {
    expect(offsetText({ days: -3 })).toBe('3 days before');
    expect(offsetText({ hours: 2 })).toBe('2 hours after');
    expect(offsetText({})).toBe('on');
  });

  test('a title whose blanks are not filled in shows no braces', () => {
    expect(plainWords('Your trial expires {{ contact.trial_end_date | in_days }}{% if x %}!{% endif %}')).toBe(
      'Your trial expires …!',
    );
  });
});
