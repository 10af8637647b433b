/**
 * Designed e-mails: blocks, already filled in as plain text, become responsive HTML by MJML and a real text part. MJML
 * runs once for each structure of blocks; what changes from contact to contact is put into its result, escaped.
 */
import type { EmailBlock } from '@growthos/contracts/sequence/content.ts';
import { createHash } from 'node:crypto';
import mjml2html from 'mjml';
import { escapeHtml } from '#base/escape-html.ts';

export interface Footer {
  /** Null for transactional mail. */
  readonly unsubscribeUrl: string | null;
  readonly preferencesUrl: string | null;
  readonly postalAddress: string;
  readonly senderName: string;
}

export interface DesignedInput {
  readonly subject: string;
  readonly preheader: string;
  /** Filled in, without those that turned out empty. */
  readonly blocks: readonly EmailBlock[];
  readonly footer: Footer;
}

const FONT = "-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif";
const CACHE_MAX = 500;
const shells = new Map<string, Promise<string>>();

export async function designedHtml(input: DesignedInput): Promise<string> {
  const html = await shellOf(input);
  const values = valuesOf(input);
  return html.replaceAll(/@@(\w+)@@/g, (_whole, name: string) => values.get(name) ?? '');
}

function valuesOf(input: DesignedInput): Map<string, string> {
  const values = new Map<string, string>([
    ['subject', escapeHtml(input.subject)],
    ['preheader', escapeHtml(input.preheader)],
    ['sender', escapeHtml(input.footer.senderName)],
    ['postal', withBreaks(input.footer.postalAddress)],
    ['unsubscribe', escapeHtml(input.footer.unsubscribeUrl ?? '')],
    ['preferences', escapeHtml(input.footer.preferencesUrl ?? '')],
  ]);
  for (const [index, block] of input.blocks.entries()) {
    if (block.kind === 'heading' || block.kind === 'text') values.set(`b${index}`, withBreaks(block.text));
    if (block.kind === 'button') {
      values.set(`b${index}`, escapeHtml(block.label));
      values.set(`u${index}`, escapeHtml(block.url));
    }
    if (block.kind === 'code') {
      values.set(`b${index}`, escapeHtml(block.code));
      values.set(`l${index}`, escapeHtml(block.label));
    }
  }
  return values;
}

function shellOf(input: DesignedInput): Promise<string> {
  const source = mjmlOf(input);
  const key = createHash('sha256').update(source).digest('base64');
  const known = shells.get(key);
  if (known) return known;
  const made = compileMjml(source);
  const oldest = shells.size >= CACHE_MAX ? shells.keys().next().value : undefined;
  if (oldest !== undefined) shells.delete(oldest);
  shells.set(key, made);
  return made;
}

async function compileMjml(source: string): Promise<string> {
  // Without `fonts: {}`, naming Roboto makes MJML load it from a third party in the reader's mail program.
  const result = await mjml2html(source, { validationLevel: 'strict', keepComments: false, fonts: {} });
  return result.html;
}

function mjmlOf(input: DesignedInput): string {
  const body = input.blocks.map((block, index) => mjmlBlock(block, index)).join('\n');
  const hasUnsubscribe = input.footer.unsubscribeUrl !== null;
  const unsubscribe = hasUnsubscribe
    ? '<br/><a href="@@unsubscribe@@">Unsubscribe</a> &middot; <a href="@@preferences@@">Choose what you get</a>'
    : '';
  const postal = input.footer.postalAddress === '' ? '' : '<br/>@@postal@@';
  return `<mjml lang="en"><mj-head><mj-title>@@subject@@</mj-title>
${input.preheader === '' ? '' : '<mj-preview>@@preheader@@</mj-preview>'}
<mj-attributes><mj-all font-family="${FONT}" /><mj-text font-size="16px" line-height="1.5" color="#1f2430" /></mj-attributes>
<mj-style>a { color: #2f4bb5; }</mj-style></mj-head>
<mj-body background-color="#f4f5f8"><mj-section background-color="#ffffff" padding="32px 16px"><mj-column>
${body}
</mj-column></mj-section>
<mj-section padding="16px"><mj-column><mj-text font-size="13px" color="#4b5263">@@sender@@${postal}${unsubscribe}</mj-text></mj-column></mj-section>
</mj-body></mjml>`;
}

function mjmlBlock(block: EmailBlock, index: number): string {
  switch (block.kind) {
    case 'heading':
      return `<mj-text font-size="24px" font-weight="700" line-height="1.3"><h1 style="font-size:24px;margin:0">@@b${index}@@</h1></mj-text>`;
    case 'text':
      return `<mj-text>@@b${index}@@</mj-text>`;
    case 'button':
      return `<mj-button href="@@u${index}@@" background-color="#2f4bb5" color="#ffffff" border-radius="6px" font-size="16px">@@b${index}@@</mj-button>`;
    case 'code':
      return `<mj-text align="center">@@l${index}@@<br/><strong style="font-family:ui-monospace,Menlo,monospace;font-size:20px;letter-spacing:1px">@@b${index}@@</strong></mj-text>`;
    case 'divider':
      return '<mj-divider border-width="1px" border-color="#d9dce5" />';
  }
}

/** The same words as text: what mail programs without HTML show, and what filters look for. */
export function designedText(input: DesignedInput): string {
  const parts = input.blocks.map((block) => {
    switch (block.kind) {
      case 'heading':
        return `${block.text}\n${'='.repeat(Math.min(60, block.text.length))}`;
      case 'text':
        return block.text;
      case 'button':
        return `${block.label}:\n${block.url}`;
      case 'code':
        return `${block.label}: ${block.code}`;
      case 'divider':
        return '-----';
    }
  });
  return `${[...parts, footerText(input.footer)].filter((part) => part !== '').join('\n\n')}\n`;
}

export function footerText(footer: Footer): string {
  const lines = [footer.senderName, footer.postalAddress].filter((line) => line !== '');
  if (footer.unsubscribeUrl !== null) lines.push(`Unsubscribe: ${footer.unsubscribeUrl}`);
  return lines.length === 0 ? '' : `-- \n${lines.join('\n')}`;
}

function withBreaks(text: string): string {
  return escapeHtml(text.trim()).replaceAll('\n', '<br/>');
}
