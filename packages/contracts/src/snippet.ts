/** The calls of the SDK that the snippet records before the script is there. */
export const RECORDED_CALLS = ['identify', 'track', 'page', 'group', 'alias', 'reset'] as const;

/**
 * The snippet for the head of a page, as HTML: loads the script without holding up the page and keeps the calls that are
 * made meanwhile, in an array. `load` is what starts it: leave that line out, and call it yourself, to ask for consent
 * first; nothing is requested before. With `nonce` it works under a CSP that asks for one.
 */
export function snippetFor(input: { scriptUrl: string; writeKey: string; nonce?: string }): string {
  const nonce = input.nonce === undefined ? '' : ` nonce="${input.nonce.replaceAll('"', '&quot;')}"`;
  return `<script${nonce}>\n${stubFor(input.scriptUrl)}\n  growthos.load(${quote(input.writeKey)});\n  growthos.page();\n</script>`;
}

/** The stub alone: plain JavaScript that makes `window.growthos`. */
export function stubFor(scriptUrl: string): string {
  return `  !function (w, d) {
    var g = w.growthos = w.growthos || [];
    if (g.load) return;
    ${quote(RECORDED_CALLS.join(' '))}.split(" ").forEach(function (name) {
      g[name] = function () { g.push([name].concat([].slice.call(arguments))); };
    });
    g.load = function (key, options) {
      if (g.key) return;
      g.key = key; g.options = options || {}; g.url = w.location.href;
      var s = d.createElement("script"), me = d.currentScript || d.querySelector("script[nonce]");
      s.async = true; s.src = ${quote(scriptUrl)};
      s.nonce = g.options.nonce || me && me.nonce || "";
      d.head.appendChild(s);
    };
  }(window, document);`;
}

/** A JavaScript string that can also stand inside an HTML script element. */
function quote(text: string): string {
  return JSON.stringify(text).replaceAll('<', '\\u003c');
}
