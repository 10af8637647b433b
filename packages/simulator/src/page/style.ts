/** One sheet for the simulator's pages: system fonts, no script, light and dark, from 360 pixels up. */
const STYLE = `
:root { color-scheme: light dark; --bg: #f6f7f9; --card: #ffffff; --ink: #1a1f36; --soft: #5b6478; --line: #e3e8ee; --accent: #4f46e5; --accent-ink: #ffffff; --good: #0e6245; --good-bg: #cbf4c9; --bad: #a41c4e; --bad-bg: #fde2e9; --warn: #84500a; --warn-bg: #f8e5b9; --info: #3d4eac; --info-bg: #d6ecff; --quiet: #4f566b; --quiet-bg: #e3e8ee; }
@media (prefers-color-scheme: dark) { :root { --bg: #11131a; --card: #1a1d27; --ink: #e8eaf1; --soft: #a2a9bd; --line: #2c3140; --accent: #a5b4fc; --accent-ink: #14162b; --good: #a7e8c4; --good-bg: #123d2d; --bad: #fbb6cb; --bad-bg: #4c1a2e; --warn: #f5d58a; --warn-bg: #453312; --info: #bcd4ff; --info-bg: #1f2f5c; --quiet: #c3c8d6; --quiet-bg: #2c3140; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
header.top { background: var(--card); border-bottom: 1px solid var(--line); }
.wrap { max-width: 1180px; margin: 0 auto; padding: 16px 20px; }
header.top .wrap { display: flex; flex-wrap: wrap; gap: 8px 20px; align-items: center; justify-content: space-between; }
h1 { font-size: 18px; margin: 0; } h1 small { color: var(--soft); font-weight: 400; margin-left: 8px; }
h2 { font-size: 16px; margin: 28px 0 10px; }
p { margin: 0 0 10px; } .soft { color: var(--soft); }
.clock { font-variant-numeric: tabular-nums; font-weight: 600; }
.row { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
form.inline { display: inline-flex; margin: 0; }
button, .button { font: inherit; font-size: 14px; font-weight: 600; min-height: 36px; padding: 6px 12px; border-radius: 8px; border: 1px solid var(--line); background: var(--card); color: var(--ink); cursor: pointer; text-decoration: none; }
button:hover { border-color: var(--accent); } button:focus-visible, a:focus-visible, input:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--accent-ink); }
button.danger { color: var(--bad); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(250px, 1fr)); gap: 14px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 16px; }
.card h3 { margin: 0 0 2px; font-size: 15px; }
.card .row { margin-top: 12px; }
.tag { display: inline-block; font-size: 12px; font-weight: 600; border-radius: 6px; padding: 1px 7px; background: var(--quiet-bg); color: var(--quiet); white-space: nowrap; }
.tag.good { background: var(--good-bg); color: var(--good); } .tag.bad { background: var(--bad-bg); color: var(--bad); } .tag.warn { background: var(--warn-bg); color: var(--warn); } .tag.info { background: var(--info-bg); color: var(--info); }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; font-size: 12px; color: var(--soft); font-weight: 600; padding: 10px 14px; border-bottom: 1px solid var(--line); white-space: nowrap; }
td { padding: 8px 14px; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; } td.num, th.num { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td .id { font: 12px ui-monospace, Menlo, Consolas, monospace; color: var(--soft); overflow-wrap: anywhere; }
details > summary { cursor: pointer; padding: 10px 0; font-weight: 600; }
.notice { border-radius: 10px; padding: 10px 14px; margin-bottom: 14px; background: var(--info-bg); color: var(--info); }
.notice.bad { background: var(--bad-bg); color: var(--bad); }
label.account { display: flex; gap: 12px; align-items: center; padding: 12px 14px; border: 1px solid var(--line); border-radius: 10px; margin-bottom: 8px; cursor: pointer; }
label.account:has(input:checked) { border-color: var(--accent); }
.narrow { max-width: 480px; margin: 6vh auto; padding: 0 16px; }
@media (max-width: 560px) { .wrap { padding: 14px; } td, th { padding: 8px 10px; } .hide-small { display: none; } }
`;

export const FAVICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='8' fill='%234f46e5'/%3E%3Cpath d='M10 20h12M10 12h12' stroke='white' stroke-width='3' stroke-linecap='round'/%3E%3C/svg%3E";

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

export function document(input: { readonly title: string; readonly body: string }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(input.title)}</title>
<link rel="icon" href="${FAVICON}">
<style>${STYLE}</style>
</head>
<body>${input.body}</body>
</html>`;
}
