import type { EmailBlock, EmailContent } from '@growthos/contracts/sequence/content.ts';
import { designedHtml, designedText, type Footer, footerText } from './designed-html.ts';
import { renderText, type Scope, TemplateError } from './liquid.ts';

export interface RenderedEmail {
  readonly subject: string;
  /** Null for plain mail. */
  readonly html: string | null;
  readonly text: string;
  readonly links: readonly string[];
}

/**
 * Fills a message in for one contact. Blocks that turn out empty (no promotion code, no link) are left out.
 * @throws TemplateError where a value is missing, Liquid is broken, or a link is none.
 */
export async function renderEmail(
  content: EmailContent,
  input: { scope: Scope; footer: Footer },
): Promise<RenderedEmail> {
  const subject = oneLine(renderText(content.subject, input.scope));
  if (subject === '') throw broken('The subject is empty.');
  if (content.format === 'plain') {
    const body = renderText(content.text, input.scope)
      .replaceAll(/\n{3,}/g, '\n\n')
      .trim();
    if (body === '') throw broken('The text is empty.');
    const footer = input.footer.unsubscribeUrl === null ? '' : `\n\n${footerText(input.footer)}`;
    return {
      subject,
      html: null,
      text: `${body}${footer}\n`,
      links: [...body.matchAll(/https?:\/\/\S+/g)].map((match) => match[0]),
    };
  }
  const blocks = content.blocks.flatMap((block) => fillBlock(block, input.scope));
  if (blocks.length === 0) throw broken('Every part of the message is empty.');
  const preheader = content.preheader === undefined ? '' : oneLine(renderText(content.preheader, input.scope));
  const designed = { subject, preheader, blocks, footer: input.footer };
  return {
    subject,
    html: await designedHtml(designed),
    text: designedText(designed),
    links: blocks.flatMap((block) => (block.kind === 'button' ? [block.url] : [])),
  };
}

function fillBlock(block: EmailBlock, scope: Scope): EmailBlock[] {
  switch (block.kind) {
    case 'heading':
    case 'text': {
      const text = renderText(block.text, scope).trim();
      return text === '' ? [] : [{ ...block, text }];
    }
    case 'button': {
      const url = renderText(block.url, scope).trim();
      return url === '' ? [] : [{ ...block, url: checkedLink(url), label: oneLine(renderText(block.label, scope)) }];
    }
    case 'code': {
      const code = oneLine(renderText(block.code, scope));
      return code === '' ? [] : [{ ...block, code, label: oneLine(renderText(block.label, scope)) }];
    }
    case 'divider':
      return [block];
  }
}

/** @throws TemplateError unless it is a web or mail address: never a script. */
export function checkedLink(url: string): string {
  const problem = linkProblem(url);
  if (problem !== null) throw broken(`A link does not work: ${problem}`);
  return url;
}

/** What is wrong with a link, as a sentence; null: nothing. */
export function linkProblem(url: string): string | null {
  if (!URL.canParse(url)) return `"${url.slice(0, 80)}" is not a whole address.`;
  const { protocol } = new URL(url);
  return ['https:', 'http:', 'mailto:'].includes(protocol) ? null : `links cannot start with ${protocol}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

function broken(sentence: string): TemplateError {
  return new TemplateError('template_broken', { sentence, cause: null });
}
