import type { SequenceDefinition } from '@growthos/contracts/sequence/definition.ts';
import { walkSteps } from '@growthos/contracts/sequence/definition.ts';
import type { Step } from '@growthos/contracts/sequence/step.ts';
import { parseTemplate, TemplateError } from './email/liquid.ts';

/** Every Liquid text of a definition, parsed: what is wrong, as sentences that name the step. Asked before it is saved. */
export function checkTexts(definition: SequenceDefinition): string[] {
  const problems: string[] = [];
  for (const { step } of walkSteps(definition.steps)) {
    for (const text of textsOf(step)) {
      try {
        parseTemplate(text);
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        problems.push(`In the step "${step.name ?? step.id}": ${error.sentence}`);
      }
    }
  }
  return problems;
}

function textsOf(step: Step): string[] {
  if (step.kind === 'notify_team') return [step.title, step.text];
  if (step.kind === 'in_app') {
    const { title, body, cta } = step.content;
    return [title, body, ...(cta ? [cta.label, cta.url] : [])];
  }
  if (step.kind !== 'email') return [];
  const { content } = step;
  if (content.format === 'plain') return [content.subject, content.text];
  const blocks = content.blocks.flatMap((block) => {
    if (block.kind === 'button') return [block.label, block.url];
    if (block.kind === 'code') return [block.label, block.code];
    return block.kind === 'divider' ? [] : [block.text];
  });
  return [content.subject, content.preheader ?? '', ...blocks];
}
