import type { CustomerLine, Overview } from './overview.ts';
import { document, escapeHtml } from './style.ts';

export interface HomePageInput {
  readonly overview: Overview;
  readonly query: string;
  readonly account: string;
  readonly notice: { readonly text: string; readonly isBad: boolean } | null;
}

const TONES: Readonly<Record<string, string>> = {
  active: 'good',
  delivered: 'good',
  trialing: 'info',
  pending: 'info',
  past_due: 'bad',
  unpaid: 'bad',
  failed: 'bad',
  dropped: 'warn',
  incomplete: 'warn',
  paused: 'warn',
};

/** Server-rendered, no script: forms post to `/_sim/page` and come back here. */
export function homePage(input: HomePageInput): string {
  const { overview } = input;
  return document({
    title: `Stripe simulator: ${overview.accountName}`,
    body: `<header class="top"><div class="wrap">
<h1>Stripe simulator <small>${escapeHtml(overview.accountName)}, test mode</small></h1>
<div class="row"><span class="clock" aria-label="The simulator's clock">${overview.now} UTC</span>${advanceButtons(input)}</div>
</div></header>
<main class="wrap">
${noticeOf(input)}${readOnlyNotice(overview)}
${knownCards(input)}
${customersSection(input)}
${invoicesSection(overview)}
${eventsSection(overview)}
${deliveriesSection(overview)}
</main>`,
  });
}

function advanceButtons(input: HomePageInput): string {
  return (
    [
      ['1 hour', '1'],
      ['1 day', '24'],
      ['3 days', '72'],
      ['7 days', '168'],
    ] as const
  )
    .map(([label, hours]) => button(input, { action: 'advance', label: `Advance ${label}`, fields: { hours } }))
    .join('');
}

interface ButtonInput {
  readonly action: string;
  readonly label: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly tone?: 'primary' | 'danger';
}

function button(input: HomePageInput, wanted: ButtonInput): string {
  const fields = { action: wanted.action, q: input.query, account: input.account, ...wanted.fields };
  const hidden = Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`)
    .join('');
  return `<form class="inline" method="post" action="/_sim/page">${hidden}<button${wanted.tone ? ` class="${wanted.tone}"` : ''}>${escapeHtml(wanted.label)}</button></form>`;
}

function tag(text: string): string {
  return `<span class="tag ${TONES[text] ?? ''}">${escapeHtml(text.replaceAll('_', ' '))}</span>`;
}

function noticeOf(input: HomePageInput): string {
  if (input.notice === null) return '';
  return `<div class="notice${input.notice.isBad ? ' bad' : ''}" role="status">${escapeHtml(input.notice.text)}</div>`;
}

function readOnlyNotice(overview: Overview): string {
  if (!overview.isReadOnly) return '';
  const seen =
    overview.violations === 0 ? 'Nobody has tried to write.' : `${overview.violations} attempts to write were refused.`;
  return `<div class="notice${overview.violations === 0 ? '' : ' bad'}">Read-only mode: calls by key may only read. ${seen}</div>`;
}

function knownCards(input: HomePageInput): string {
  if (input.overview.known.length === 0) return '';
  const cards = input.overview.known.map((line) => card(input, line)).join('');
  return `<h2>The three stories</h2><div class="cards">${cards}</div>`;
}

function card(input: HomePageInput, line: CustomerLine): string {
  const first = line.name.split(' ')[0] ?? line.name;
  return `<section class="card"><h3>${escapeHtml(line.name)} ${tag(line.status)}</h3>
<p class="soft">${escapeHtml(line.email)}</p>
<p>${escapeHtml(line.plan)}<br><span class="soft">${escapeHtml(line.next)}</span>${line.isCardDeclining ? '<br><span class="tag bad">card declines</span>' : ''}</p>
<div class="row">${actions(input, line, first)}</div></section>`;
}

/** What can be done with this customer as things stand. */
function actions(input: HomePageInput, line: CustomerLine, first: string | null): string {
  const fields = { customer: line.id };
  const whose = first === null ? '' : `${first}'s `;
  const buttons: string[] = [];
  if (line.hasOpenInvoice) buttons.push(button(input, { action: 'pay', label: 'Pay now', fields, tone: 'primary' }));
  if (line.canChange) {
    if (!line.isCardDeclining)
      buttons.push(button(input, { action: 'fail', label: `Fail ${whose}next payment`, fields }));
    else buttons.push(button(input, { action: 'fix', label: 'Repair the card', fields }));
    buttons.push(
      button(input, { action: 'renew', label: line.status === 'trialing' ? 'End the trial now' : 'Renew now', fields }),
    );
    if (line.plan.includes('Starter'))
      buttons.push(button(input, { action: 'upgrade', label: 'Upgrade to Pro', fields }));
    buttons.push(button(input, { action: 'cancel', label: 'Cancel', fields, tone: 'danger' }));
  }
  return buttons.join('');
}

function customersSection(input: HomePageInput): string {
  const { overview } = input;
  const counts = overview.statuses.map(([status, count]) => `${tag(status)} ${count}`).join(' &nbsp; ');
  const rows = overview.customers
    .map(
      (
        line,
      ) => `<tr><td><strong>${escapeHtml(line.name)}</strong><br><span class="soft">${escapeHtml(line.email)}</span></td>
<td>${tag(line.status)}${line.isCardDeclining ? '<br><span class="tag bad">card declines</span>' : ''}</td>
<td>${escapeHtml(line.plan)}</td><td>${escapeHtml(line.next)}</td>
<td><details><summary aria-label="Actions for ${escapeHtml(line.name)}">Act</summary><div class="row">${actions(input, line, null)}</div></details></td></tr>`,
    )
    .join('');
  return `<h2>Customers</h2><p>${counts}</p>
<form method="get" action="/" class="row" style="margin-bottom:10px"><input type="hidden" name="account" value="${escapeHtml(input.account)}">
<label class="soft" for="q">Find</label><input id="q" name="q" value="${escapeHtml(input.query)}" placeholder="name, e-mail, past_due, Team ..." style="font:inherit;padding:7px 10px;border-radius:8px;border:1px solid var(--line);background:var(--card);color:var(--ink);min-width:0;flex:1 1 200px;max-width:360px"><button>Find</button></form>
${table(['Customer', 'Status', 'Plan', 'Next', ''], rows, 'No customer fits.')}
<p class="soft" style="margin-top:8px">${overview.customers.length} of ${overview.customerCount} shown.</p>`;
}

function invoicesSection(overview: Overview): string {
  const rows = overview.openInvoices
    .map(
      (row) =>
        `<tr><td>${escapeHtml(row.number)}</td><td>${escapeHtml(row.who)}</td><td class="num">${escapeHtml(row.amount)}</td><td class="num">${row.attempts}</td><td>${escapeHtml(row.next)}</td></tr>`,
    )
    .join('');
  return `<h2>Open invoices</h2>${table(['Number', 'Customer', '#Amount', '#Attempts', 'Next attempt'], rows, 'None is open.')}`;
}

function eventsSection(overview: Overview): string {
  const rows = overview.events
    .map(
      (row) =>
        `<tr><td>${row.at}</td><td>${escapeHtml(row.type)}</td><td><span class="id">${escapeHtml(row.about)}</span></td><td class="num">${row.pending}</td></tr>`,
    )
    .join('');
  return `<h2>Events</h2>${table(['Time', 'Type', 'Object', '#Waiting'], rows, 'Nothing has happened yet.')}`;
}

function deliveriesSection(overview: Overview): string {
  const rows = overview.deliveries
    .map(
      (row) =>
        `<tr><td>${escapeHtml(row.type)}</td><td>${tag(row.status)}</td><td class="num">${row.attempts}</td><td>${escapeHtml(row.last)}</td><td><span class="id">${escapeHtml(row.url)}</span></td></tr>`,
    )
    .join('');
  return `<h2>Webhook deliveries</h2>${table(['Event', 'State', '#Attempts', 'Last answer', 'To'], rows, 'No endpoint has been sent anything.')}`;
}

/** A heading that begins with # is a number's. */
function table(heads: readonly string[], rows: string, empty: string): string {
  if (rows === '') return `<p class="soft">${empty}</p>`;
  const head = heads
    .map((text) =>
      text.startsWith('#')
        ? `<th class="num">${text.slice(1)}</th>`
        : `<th>${text === '' ? '<span aria-hidden="true"></span>' : text}</th>`,
    )
    .join('');
  return `<div class="scroll" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table></div>`;
}
