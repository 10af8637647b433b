/**
 * The page behind "Unsubscribe" and the one-click of mail programs (RFC 8058). GET only shows, because scanners follow
 * links; POST acts, at once, without signing in. Server-made HTML without scripts; a forged link says so and does nothing.
 */
import { MESSAGE_CATEGORIES } from '@growthos/contracts/sequence/category.ts';
import type { FastifyPluginAsync, FastifyReply } from 'fastify';
import { z } from 'zod';
import { escapeHtml } from '#base/escape-html.ts';
import {
  type OptionalCategory,
  readPreferences,
  type SendDeps,
  setConsent,
  type UnsubscribeClaim,
} from '#send/index.ts';

const Form = z.record(z.string(), z.unknown());
const CATEGORIES: readonly OptionalCategory[] = ['product', 'marketing'];

export function unsubscribeRoutes(deps: { send: SendDeps }): FastifyPluginAsync {
  const { send } = deps;
  return async (app) => {
    // RFC 8058 lets mail programs send either form encoding; what a multipart body says is always the one click.
    app.addContentTypeParser('multipart/form-data', { parseAs: 'string' }, (_request, _body, done) => done(null, {}));
    app.get<{ Params: { token: string } }>('/unsubscribe/:token', async (request, reply) => {
      const claim = send.tokens.read(request.params.token);
      return claim ? showPreferences(send, { claim, reply, notice: null }) : refuse(reply);
    });
    app.post<{ Params: { token: string } }>('/unsubscribe/:token', async (request, reply) => {
      const claim = send.tokens.read(request.params.token);
      if (!claim) return refuse(reply);
      const form = Form.safeParse(request.body ?? {}).data ?? {};
      const isPage = form['action'] === 'save';
      await setConsent(send, {
        ...claim,
        optedOut: isPage ? choicesOf(form) : { [claim.category]: true },
        source: isPage ? 'preferences_page' : 'one_click',
      });
      const label = MESSAGE_CATEGORIES[claim.category].label;
      return showPreferences(send, {
        claim,
        reply,
        notice: isPage ? 'Saved.' : `You are unsubscribed from “${label}”.`,
      });
    });
  };
}

/** A box that is ticked is sent, one that isn't is not. */
function choicesOf(form: Readonly<Record<string, unknown>>): Record<OptionalCategory, boolean> {
  return { product: form['product'] !== 'on', marketing: form['marketing'] !== 'on' };
}

async function showPreferences(
  send: SendDeps,
  input: { claim: UnsubscribeClaim; reply: FastifyReply; notice: string | null },
): Promise<FastifyReply> {
  const preferences = await readPreferences(send.db, input.claim);
  if (!preferences)
    return page(input.reply, { status: 404, title: 'Nothing to choose', body: '<p>We hold no address of yours.</p>' });
  const boxes = CATEGORIES.map((category) => {
    const { label, says } = MESSAGE_CATEGORIES[category];
    const checked = preferences.wants[category] ? ' checked' : '';
    return `<li><input type="checkbox" id="${category}" name="${category}"${checked} aria-describedby="${category}-says">
<label for="${category}">${escapeHtml(label)}</label><p id="${category}-says">${escapeHtml(says)}</p></li>`;
  }).join('\n');
  const transactional = MESSAGE_CATEGORIES.transactional;
  const isWanted = preferences.wants[input.claim.category];
  const oneClick = isWanted
    ? `<form method="post"><p><button class="main" name="List-Unsubscribe" value="One-Click">Unsubscribe from “${escapeHtml(MESSAGE_CATEGORIES[input.claim.category].label)}”</button></p></form>`
    : '';
  const notice = input.notice === null ? '' : `<p role="status" class="notice">${escapeHtml(input.notice)}</p>`;
  const body = `${notice}<p>Messages from <strong>${escapeHtml(preferences.workspaceName)}</strong>${preferences.email === null ? '' : ` to <strong>${escapeHtml(mask(preferences.email))}</strong>`}.</p>
${oneClick}
<form method="post"><fieldset><legend>What you get</legend><ul>${boxes}
<li><p><strong>${escapeHtml(transactional.label)}</strong><br>${escapeHtml(transactional.says)}</p></li></ul></fieldset>
<input type="hidden" name="action" value="save"><button>Save</button></form>`;
  return page(input.reply, { status: 200, title: 'Choose what you get', body });
}

/** Whoever was forwarded a mail sees enough to know whose it is, and no more. */
function mask(email: string): string {
  const [name = '', host = ''] = email.split('@');
  return `${name.slice(0, 1)}•••@${host}`;
}

function refuse(reply: FastifyReply): FastifyReply {
  return page(reply, {
    status: 400,
    title: 'This link does not work',
    body: '<p>It is incomplete, or it was changed. Nothing was done. Use the link of the message itself.</p>',
  });
}

function page(reply: FastifyReply, input: { status: number; title: string; body: string }): FastifyReply {
  return reply
    .code(input.status)
    .header('content-type', 'text/html; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('referrer-policy', 'no-referrer')
    .header('x-robots-tag', 'noindex')
    .header(
      'content-security-policy',
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    )
    .send(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(input.title)}</title><style>${STYLE}</style></head><body><main><h1>${escapeHtml(input.title)}</h1>
${input.body}</main></body></html>`);
}

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f4f5f8;color:#1f2430}
main{max-width:34rem;margin:2rem auto;padding:1.5rem 2rem;background:#fff;border-radius:8px}
ul{list-style:none;padding:0}li{margin:1rem 0}li p{margin:.2rem 0 0;color:#4b5263}fieldset{border:1px solid #c9cdd8;border-radius:6px}
input[type=checkbox]{width:24px;height:24px;vertical-align:middle}button{font:inherit;padding:.6rem 1.2rem;border:1px solid #2f4bb5;border-radius:6px;background:#fff;color:#2f4bb5}
button.main{background:#2f4bb5;color:#fff}button:focus-visible,input:focus-visible{outline:3px solid #1f2430;outline-offset:2px}
.notice{background:#e5f3e8;padding:.6rem 1rem;border-radius:6px}
@media (prefers-color-scheme:dark){body{background:#14161c;color:#e7e9ef}main{background:#1f2430}li p{color:#b9bfcc}button{background:#1f2430;color:#b9c5ff;border-color:#b9c5ff}button.main{background:#b9c5ff;color:#14161c}.notice{background:#1d3a26}button:focus-visible,input:focus-visible{outline-color:#e7e9ef}}`;
