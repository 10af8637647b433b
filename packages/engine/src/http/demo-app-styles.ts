/** The look of the demo product: its own, apart from the dashboard's, as a customer's app would be. */
export const DEMO_APP_STYLES = `
:root{color-scheme:light dark;--paper:#f6f4ef;--card:#fff;--ink:#23201b;--soft:#635c51;--line:#e2ddd2;--brass:#8a5a00;
--on-brass:#fff;--bar:#c79a4b}
@media (prefers-color-scheme:dark){:root{--paper:#191714;--card:#23201c;--ink:#f3efe7;--soft:#bdb4a5;--line:#3b362f;
--brass:#e5b866;--on-brass:#221a0b;--bar:#a77f3a}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:flex;flex-direction:column;background:var(--paper);color:var(--ink);
font:16px/1.5 Georgia,"Times New Roman",serif}
.skip{position:absolute;left:-999px}.skip:focus{left:8px;top:8px;background:var(--card);padding:8px;z-index:1}
.top{display:flex;flex-wrap:wrap;gap:12px;align-items:center;justify-content:space-between;padding:14px 32px;
border-bottom:1px solid var(--line);background:var(--card)}
.brand{display:flex;gap:10px;align-items:center;font-weight:700;font-size:18px;letter-spacing:.2px}
.brand svg{width:30px;fill:var(--bar)}.brand circle{fill:var(--card)}
.account,.person{display:flex;gap:12px;align-items:center}
.avatar{flex:none;width:40px;height:40px;border-radius:50%;display:grid;place-items:center;background:var(--brass);
color:var(--on-brass);font:600 15px system-ui,sans-serif}
.who{display:grid;line-height:1.3}.who span{color:var(--soft);font-size:14px}
main{flex:1;width:100%;max-width:1120px;margin:0 auto;padding:36px 32px}
.narrow{max-width:560px;margin:4vh auto}
h1{margin:0 0 4px;font-size:30px;line-height:1.2}h2{margin:0 0 14px;font-size:17px}
.lead{margin:0;color:var(--soft)}
.head{display:flex;flex-wrap:wrap;gap:20px;justify-content:space-between;align-items:end;margin-bottom:28px}
.buttons{display:flex;flex-wrap:wrap;gap:10px}
button{font:600 15px system-ui,sans-serif;min-height:42px;padding:8px 18px;border-radius:8px;border:1px solid var(--line);
background:var(--card);color:var(--ink);cursor:pointer}
button:hover{border-color:var(--soft)}
button.primary{background:var(--brass);border-color:var(--brass);color:var(--on-brass)}
button.plain{background:none;min-height:36px;padding:4px 12px;font-weight:500}
a{color:var(--brass)}
a:focus-visible,button:focus-visible{outline:3px solid var(--brass);outline-offset:2px}
.people{list-style:none;margin:24px 0 0;padding:0;display:grid;gap:12px}
.person{padding:16px;border:1px solid var(--line);border-radius:12px;background:var(--card);color:inherit;
text-decoration:none}
.person:hover{border-color:var(--brass)}
.grid{display:grid;grid-template-columns:2fr 1fr;gap:20px}
.panel{padding:22px;border:1px solid var(--line);border-radius:12px;background:var(--card);min-width:0}
.chart{display:block;width:100%;height:150px}.chart rect{fill:var(--bar)}
dl{margin:0;display:grid;gap:10px}dl div{display:flex;justify-content:space-between;gap:12px}
dt{color:var(--soft)}dd{margin:0;font-weight:700}
table{width:100%;border-collapse:collapse}th{text-align:left;color:var(--soft);font-weight:400;font-size:14px}
td,th{padding:8px 0;border-bottom:1px solid var(--line)}
td:last-child,th:last-child{text-align:right}
#sent{margin:0;padding:0;list-style:none;font:13px/1.5 ui-monospace,monospace;color:var(--soft);display:grid;gap:4px}
footer{padding:18px 32px;border-top:1px solid var(--line);color:var(--soft);font-size:14px;text-align:center}
@media (max-width:760px){.grid{grid-template-columns:1fr}main,.top{padding-inline:16px}}
`;
