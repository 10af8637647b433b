const DARK = `--bg:#1b1f27;--ink:#f1f3f6;--soft:#b8c0cc;--line:#3a414d;--accent:var(--growthos-accent,#a5b4fc);
--on-accent:var(--growthos-on-accent,#151826);--hover:#2a303b;--tint:#232842;--badge:#a5b4fc`;

/**
 * The look of nudges. `all: initial` keeps the page's inherited styles out; a page sets `--growthos-accent`,
 * `--growthos-on-accent` and `--growthos-z` on `growthos-nudges` to match its own. The z-index stays below a page's own
 * dialogs. Contrast of every pair of colours is at least 4.5 to 1, light and dark; targets are at least 32 pixels.
 */
export const STYLES = `
:host{all:initial;color-scheme:light dark;font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
--bg:#fff;--ink:#1a1d23;--soft:#4d5562;--line:#d9dde3;--accent:var(--growthos-accent,#4338ca);
--on-accent:var(--growthos-on-accent,#fff);--hover:#eef0f4;--tint:#eef0ff;--badge:#4338ca}
*{box-sizing:border-box}
section,dialog{position:fixed;z-index:var(--growthos-z,900);margin:0;color:var(--ink);background:var(--bg);
border:1px solid var(--line);text-align:start;overflow-wrap:anywhere}
.card,dialog{border-radius:14px;padding:18px 20px;width:min(372px,100vw - 32px);
box-shadow:0 1px 2px #0b11201a,0 12px 32px #0b112029}
.card{inset-block-end:16px;inset-inline-end:16px;max-height:calc(100vh - 32px);overflow:auto}
.banner{inset-block-start:0;inset-inline:0;border-width:0 0 1px;background:var(--tint);display:flex;flex-wrap:wrap;
align-items:center;gap:4px 16px;padding:10px 56px 10px 20px}
.banner .text{flex:1 1 260px;display:flex;flex-wrap:wrap;gap:0 8px}
dialog{inset:0;margin:auto;width:min(460px,100vw - 32px);max-height:calc(100vh - 32px);padding:24px}
dialog::backdrop{background:#0b112080}
h2{margin:0;padding-inline-end:32px;font-size:16px;line-height:1.35;font-weight:650}
.banner h2{padding:0;font-size:15px;line-height:1.5}
dialog h2{font-size:19px}
h2:focus{outline:none}
p{margin:4px 0 0;color:var(--soft);white-space:pre-line}
.banner p{margin:0}
.actions{display:flex;flex-wrap:wrap;gap:8px;margin-top:14px}
.banner .actions{margin:0}
.actions:empty{display:none}
a,button{font:inherit;font-weight:600;cursor:pointer;border:0;border-radius:8px;min-height:36px;padding:6px 14px;
display:inline-flex;align-items:center;justify-content:center;text-decoration:none}
.primary{background:var(--accent);color:var(--on-accent)}
.primary:hover{filter:brightness(1.12)}
.quiet{background:none;color:var(--ink);border:1px solid var(--line)}
.quiet:hover,.close:hover{background:var(--hover)}
.close{position:absolute;inset-block-start:10px;inset-inline-end:10px;width:32px;min-height:32px;padding:0;background:none;
color:var(--soft)}
.cross{width:18px;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round}
a:focus-visible,button:focus-visible{outline:2px solid var(--ink);outline-offset:2px}
.celebration{display:grid;grid-template-columns:auto 1fr;column-gap:14px}
.celebration .actions{grid-column:2}
.badge{width:44px;height:44px;padding:9px;border-radius:50%;background:var(--tint);fill:var(--badge)}
canvas{position:fixed;inset:0;width:100%;height:100%;pointer-events:none;z-index:var(--growthos-z,900)}
.live{position:fixed;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media (max-width:480px){.card{inset-inline:8px;inset-block-end:8px;width:auto}}
@media (prefers-color-scheme:dark){:host(:not([data-theme=light])){${DARK}}}
:host([data-theme=dark]){${DARK}}
@media (prefers-reduced-motion:no-preference){.card,.banner{animation:in .22s ease-out}
@keyframes in{from{opacity:0;transform:translateY(8px)}}}
@media (forced-colors:active){.primary{border:1px solid}}
`;
