/** The demo's fake product, "Analytical Engines", as one page of HTML. Pure; every value from outside is escaped. */
import { stubFor } from '@growthos/contracts/snippet.ts';
import { escapeHtml } from '#base/escape-html.ts';
import { DEMO_APP_SCRIPT } from './demo-app-script.ts';
import { DEMO_APP_STYLES } from './demo-app-styles.ts';

export interface DemoPerson {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly role: string;
  readonly company: { readonly name: string; readonly domain: string };
}

export interface DemoAppPage {
  readonly nonce: string;
  readonly people: readonly DemoPerson[];
  readonly links: readonly { readonly label: string; readonly url: string }[];
  readonly writeKey: string;
  readonly person: DemoPerson | null;
  readonly userHash: string | null;
  readonly emailHash: string | null;
}

export function demoAppPage(page: DemoAppPage): string {
  const { person, nonce } = page;
  const config = JSON.stringify({
    writeKey: page.writeKey,
    person,
    userHash: page.userHash,
    emailHash: page.emailHash,
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${person ? 'Overview' : 'Log in'} · Analytical Engines</title>
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<style nonce="${nonce}">${DEMO_APP_STYLES}</style>
</head>
<body data-config="${escapeHtml(config)}">
<a class="skip" href="#main">Skip to content</a>
<header class="top"><span class="brand">${LOGO}Analytical Engines</span>${person ? account(person) : ''}</header>
<main id="main">${person ? workbench(person) : logIn(page.people)}</main>
${foot(page)}
<script nonce="${nonce}">${stubFor('/sdk/growthos.js')}${DEMO_APP_SCRIPT}</script>
</body>
</html>
`;
}

function account(person: DemoPerson): string {
  return `<div class="account"><span class="avatar" aria-hidden="true">${escapeHtml(initials(person.name))}</span>
<span class="who"><strong>${escapeHtml(person.name)}</strong><span>${escapeHtml(person.company.name)}</span></span>
<button class="plain" id="log-out">Log out</button></div>`;
}

function logIn(people: readonly DemoPerson[]): string {
  const cards = people.map(
    (person) => `<li><a class="person" href="/demo-app?as=${encodeURIComponent(person.userId)}&amp;login=1">
<span class="avatar" aria-hidden="true">${escapeHtml(initials(person.name))}</span>
<span class="who"><strong>Log in as ${escapeHtml(person.name)}</strong><span>${escapeHtml(person.role)}, ${escapeHtml(person.company.name)}</span></span>
</a></li>`,
  );
  return `<div class="narrow"><h1>Who are you today?</h1>
<p class="lead">Pick a person of the demo company. What you do here arrives in GrowthOS as product events, and nudges from it
appear on this page.</p><ul class="people">${cards.join('')}</ul></div>`;
}

function workbench(person: DemoPerson): string {
  const [firstName = ''] = person.name.split(' ');
  return `<div class="head"><div><h1>Good to see you, ${escapeHtml(firstName)}</h1>
<p class="lead">Your engines have been turning all night.</p></div>
<div class="buttons"><button class="primary" id="run-report">Run a report</button>
<button id="invite">Invite a teammate</button></div></div>
<div class="grid">
<section class="panel wide" aria-labelledby="load-title"><h2 id="load-title">Engine load</h2>${CHART}</section>
<section class="panel" aria-labelledby="sent-title"><h2 id="sent-title">Sent to GrowthOS</h2>
<ol id="sent" aria-live="off"></ol></section>
<section class="panel wide" aria-labelledby="reports-title"><h2 id="reports-title">Reports</h2>
<table><thead><tr><th scope="col">Report</th><th scope="col">State</th><th scope="col">Rows</th></tr></thead>
<tbody id="reports"><tr><td>Bernoulli numbers</td><td>Done</td><td>640</td></tr>
<tr><td>Orbit of Friendship 7</td><td>Done</td><td>1,202</td></tr></tbody></table></section>
<section class="panel" aria-labelledby="figures-title"><h2 id="figures-title">This week</h2><dl>
<div><dt>Tables computed</dt><dd>1,842</dd></div><div><dt>Cards punched</dt><dd>23,106</dd></div>
<div><dt>Steam left</dt><dd>71 %</dd></div></dl></section>
</div>`;
}

function foot(page: DemoAppPage): string {
  const links = page.links.map(({ label, url }) => `<a href="${escapeHtml(url)}">${escapeHtml(label)}</a>`);
  return `<footer>This is the demo customer's own product, with the GrowthOS snippet in it. ${links.join(' · ')}</footer>`;
}

function initials(name: string): string {
  return name
    .split(' ')
    .map((word) => word.slice(0, 1))
    .join('')
    .slice(0, 2);
}

const LOGO = `<svg viewBox="0 0 32 32" aria-hidden="true"><path d="M16 2l2.500 4.200 4.700-1.300.3 4.900 4.800.8-1.900 4.500
3.600 3.300-3.800 3.100 1.600 4.600-4.900.6-.6 4.900-4.600-1.600L16 30l-1.700-.1-4.600 1.600-.6-4.900-4.900-.6 1.600-4.600-3.800-3.100
3.600-3.300-1.900-4.500 4.800-.8.300-4.900 4.700 1.300z"/><circle cx="16" cy="16" r="5"/></svg>`;

/** Load of a night, in per cent, one bar per half hour. Made up; nothing is computed from it. */
const LOAD = [
  34, 38, 31, 44, 52, 49, 57, 61, 55, 63, 70, 66, 74, 71, 79, 83, 77, 86, 81, 74, 68, 72, 64, 58, 61, 53, 47, 51,
];
const BAR_WIDTH = 18;
const CHART = `<svg class="chart" viewBox="0 0 ${LOAD.length * BAR_WIDTH} 110" role="img" aria-label="Load between 31 and 86 per cent">${LOAD.map(
  (value, at) =>
    `<rect x="${at * BAR_WIDTH + 3}" y="${105 - value}" width="${BAR_WIDTH - 6}" height="${value}" rx="3"/>`,
).join('')}</svg>`;
