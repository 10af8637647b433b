import type { InAppContent, InAppPayload } from '@growthos/contracts/sequence/content.ts';
import { renderText, type Scope } from './email/liquid.ts';
import { checkedLink } from './email/render-email.ts';

/** A nudge filled in for one contact: text, never markup. A call to action without a link is left out. */
export function renderInApp(content: InAppContent, scope: Scope): InAppPayload {
  const url = content.cta ? renderText(content.cta.url, scope).trim() : '';
  return {
    style: content.style,
    title: renderText(content.title, scope).trim(),
    body: renderText(content.body, scope).trim(),
    cta:
      content.cta && url !== '' ? { label: renderText(content.cta.label, scope).trim(), url: checkedLink(url) } : null,
    canSnooze: content.canSnooze,
  };
}
