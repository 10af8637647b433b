import type { AccountRow, ApplicationRow, CodeRow } from '#store/access.ts';
import { document, escapeHtml } from './style.ts';

export interface AuthorizePageInput {
  readonly application: ApplicationRow;
  readonly redirectUri: string;
  readonly state: string;
  readonly scope: CodeRow['scope'];
  readonly accounts: readonly AccountRow[];
}

/** What a tenant sees between pressing Connect in the product and coming back to it. */
export function authorizePage(input: AuthorizePageInput): string {
  const { application } = input;
  const name = escapeHtml(application.name);
  const choices = input.accounts
    .map(
      (
        account,
        index,
      ) => `<label class="account"><input type="radio" name="account" value="${escapeHtml(account.id)}"${index === 0 ? ' checked' : ''}>
<span><strong>${escapeHtml(account.name)}</strong><br><span class="soft">${escapeHtml(account.email)}</span></span></label>`,
    )
    .join('');
  const hidden = Object.entries({
    client_id: application.id,
    redirect_uri: input.redirectUri,
    state: input.state,
    scope: input.scope,
  })
    .map(([field, value]) => `<input type="hidden" name="${field}" value="${escapeHtml(value)}">`)
    .join('');
  return document({
    title: `Connect ${application.name} to Stripe`,
    body: `<main class="narrow"><div class="card">
<p class="soft">Stripe simulator</p>
<h1>${name} would like to connect to your account</h1>
<p style="margin-top:10px">${scopeSentence(input)}</p>
<form method="post" action="/oauth/decide">${hidden}
<fieldset style="border:0;padding:0;margin:16px 0"><legend class="soft" style="margin-bottom:8px">Choose an account</legend>${choices}</fieldset>
<label class="row" style="margin-bottom:14px"><input type="checkbox" name="livemode" value="true"> <span>Connect in live mode</span></label>
<div class="row">
<button class="primary" name="decision" value="connect">Connect</button>
<button name="decision" value="cancel">Cancel</button>
</div></form></div></main>`,
  });
}

function scopeSentence(input: AuthorizePageInput): string {
  if (input.scope === 'read_write')
    return 'It asks for <span class="tag warn">read_write</span>: it could view and change everything in the account.';
  if (input.scope === 'read_only')
    return 'It asks for <span class="tag good">read_only</span>: it can view the account and change nothing.';
  const list = input.application.permissions
    .map((permission) => `<span class="tag">${escapeHtml(permission)}</span>`)
    .join(' ');
  return `It asks for these permissions: ${list}`;
}
