"""How the page looks, and the few lines that keep it live. Both stand in the page; its policy names their hashes."""

from __future__ import annotations

import base64
import hashlib

STYLE = """
:root{color-scheme:light dark;--ground:#f4f6f8;--land:#fff;--field:#f7f9fb;--ink:#17212b;--quiet:#55616e;
  --line:#d8dfe6;--edge:#8391a0;--water:#dcebf3;--idle:#6b7885;--busy:#1258b5;--good:#11724a;--bad:#b3261e;
  --warn:#8a5300;--link:#0f55b0;--soft-bad:#fdf1f0;--shade:0 1px 2px #17212b12,0 4px 16px #17212b0a}
@media (prefers-color-scheme:dark){
  :root{--ground:#0e1319;--land:#18202a;--field:#1e2833;--ink:#e6ecf2;--quiet:#9fadbb;--line:#2d3947;--edge:#6f8092;
    --water:#143443;--idle:#8796a5;--busy:#6fb0ff;--good:#57c893;--bad:#ff8f86;--warn:#e9b44c;--link:#8abfff;
    --soft-bad:#2a1a1c;--shade:0 1px 2px #0006}
}
*{box-sizing:border-box}
body{margin:0;overflow-wrap:anywhere;background:var(--ground);color:var(--ink);
  font:15px/1.5 Inter,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
  -webkit-text-size-adjust:100%;font-feature-settings:"tnum"}
code{font:.92em/1.4 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
a{color:var(--link);text-underline-offset:.2em;text-decoration-thickness:1px;
  text-decoration-color:color-mix(in srgb,currentColor 45%,transparent)}
a:hover{text-decoration-color:currentColor}
.corp th a{color:inherit}
:focus-visible{outline:3px solid var(--busy);outline-offset:2px;border-radius:4px}
.skip{position:absolute;left:-999px}
.skip:focus{left:12px;top:12px;background:var(--land);padding:8px 12px;z-index:2}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.defs{position:absolute}
body>header,main,body>footer{max-width:1208px;margin:0 auto;padding:0 24px}
body>header{display:flex;justify-content:space-between;align-items:center;gap:16px;padding-top:18px;
  padding-bottom:6px}
body>header a{color:var(--quiet);text-decoration:none;display:inline-flex;gap:8px;align-items:center;
  min-height:28px}
body>header a:hover{text-decoration:underline}
body>header .home{color:var(--ink);font-weight:650;letter-spacing:-.01em}
body>footer{color:var(--quiet);font-size:13px;padding-top:8px;padding-bottom:32px}
h1{font-size:30px;line-height:1.2;letter-spacing:-.02em;margin:0;display:flex;flex-wrap:wrap;gap:8px 14px;
  align-items:center}
h2{font-size:18px;letter-spacing:-.01em;margin:0 0 12px;display:flex;flex-wrap:wrap;gap:6px 12px;align-items:center}
h3{font-size:14px;margin:0}
p{margin:0}
section,.top{background:var(--land);border-radius:14px;box-shadow:var(--shade);padding:22px 24px;margin:16px 0}
.top{display:grid;grid-template-columns:1fr auto;gap:6px 24px;align-items:start}
.top>.facts{grid-column:1/-1}
.lead{font-size:17px;color:var(--quiet);margin-top:4px;max-width:62ch}
.phase,.tag{display:inline-flex;align-items:center;gap:.45em;color:var(--tone);white-space:nowrap}
.tag{white-space:normal}
.phase{font-size:14px;font-weight:600;letter-spacing:0;border:1.5px solid;border-radius:99px;
  padding:3px 12px 3px 8px}
.mark{width:16px;height:16px;flex:none;vertical-align:-.18em}
progress{width:100%;max-width:520px;height:6px;margin:12px 0 2px;appearance:none;border:0;border-radius:3px;
  display:block;background:var(--line);overflow:hidden}
progress::-webkit-progress-bar{background:var(--line)}
progress::-webkit-progress-value{background:var(--busy)}
progress::-moz-progress-bar{background:var(--busy)}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(320px,1fr));gap:12px 28px;margin:14px 0 0;
  border-top:1px solid var(--line);padding-top:16px}
dt{font-size:12.5px;color:var(--quiet)}
dd{margin:0}
.actions{margin-top:2px;display:flex;flex-wrap:wrap;gap:8px;justify-content:flex-end;position:relative}
button,.delete>summary{font:inherit;font-weight:550;color:var(--ink);background:var(--land);
  border:1.5px solid var(--edge);border-radius:8px;padding:6px 14px;cursor:pointer;min-height:38px}
button:hover,.delete>summary:hover{border-color:var(--ink)}
button.first{background:var(--busy);border-color:var(--busy);color:var(--land)}
.danger,.delete>summary{color:var(--bad);border-color:var(--bad)}
.delete>summary{list-style:none;display:flex;align-items:center}
.delete>summary::-webkit-details-marker{display:none}
.delete>form{position:absolute;right:0;top:46px;z-index:1;width:300px;background:var(--land);
  border:1px solid var(--edge);border-radius:10px;padding:14px;display:grid;gap:12px;box-shadow:var(--shade)}
label{display:flex;gap:8px;align-items:start}
input[type=checkbox]{width:18px;height:18px;margin:3px 0 0;flex:none}
.trouble{background:var(--soft-bad);border:1px solid color-mix(in srgb,var(--bad) 40%,transparent)}
.trouble h2{color:var(--bad)}
.trouble dl{display:grid;gap:8px;margin:12px 0 0}
.trouble .note{margin-top:10px}
.notice{background:var(--land);border-left:4px solid var(--warn);border-radius:8px;padding:12px 16px;margin:16px 0}
.note,.quiet{color:var(--quiet);font-size:13px}
.good{--tone:var(--good)}
.bad{--tone:var(--bad)}
.busy{--tone:var(--busy)}
.warn{--tone:var(--warn)}
.idle{--tone:var(--idle)}
.fill{fill:var(--tone)}
.ring{fill:var(--land);stroke:var(--tone);stroke-width:2}
.dashed{stroke-dasharray:3 2.6}
.sign{fill:none;stroke:var(--land);stroke-width:2.4;stroke-linecap:round;stroke-linejoin:round}
.line{fill:none;stroke:var(--tone);stroke-width:2;stroke-linecap:round}
.map{margin:16px 0}
.map>svg{display:block;width:100%;height:auto}
.map .narrow{display:none;max-width:560px;margin:0 auto}
.water{fill:var(--water)}
.land,.neck{fill:var(--land)}
.field{fill:var(--field);stroke:var(--line)}
.map text{fill:var(--ink);font-size:11.5px}
.map .corp{font-size:16px;font-weight:650;white-space:pre}
.map .small.corp{font-size:12.5px;font-weight:600}
.map .quiet{font-size:13px;font-weight:400;fill:var(--quiet)}
.map .tally{fill:var(--quiet);font-size:12.5px}
.map .aside{fill:var(--quiet);font-size:12.5px}
.map .small~.tally{font-size:11.5px}
.map .portal{fill:var(--tone);font-size:13.5px;font-weight:600}
.map .idle.portal{fill:var(--quiet)}
.lines path{fill:none;stroke:var(--edge);stroke-width:1.6}
.lines .done{stroke:var(--good);stroke-opacity:.8}
.ground{fill:var(--land)}
.name{paint-order:stroke;stroke:var(--land);stroke-width:4px;stroke-linejoin:round}
.step.idle .name{fill:var(--quiet)}
.step.bad .name,.step.busy .name{font-weight:600}
.way{fill:none;stroke:var(--tone);stroke-width:3;stroke-linecap:round}
.way.waiting,.way.removed{stroke-dasharray:1 7;stroke-width:2.5}
.way.pending{stroke-dasharray:7 6}
.busy-now use{animation:pulse 2.4s ease-in-out infinite}
@keyframes pulse{
  50%{opacity:.45}
}
@media (prefers-reduced-motion:reduce){
  *{animation:none!important;transition:none!important;scroll-behavior:auto!important}
}
.key{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:10px 4px 0;padding:0;color:var(--quiet);
  font-size:13px}
.answer{margin:0 0 16px;padding:2px 0 2px 18px;border-left:3px solid var(--good)}
.asked{color:var(--quiet);font-size:14px}
blockquote{margin:4px 0 0;font-size:17px;max-width:72ch}
.checks{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:8px 32px;
  align-items:start}
.checks ul{list-style:none;margin:4px 0 10px;padding:0}
.checks li{display:grid;grid-template-columns:16px 1fr;gap:0 10px;padding:7px 0;border-top:1px solid var(--line)}
.checks li>.mark{margin-top:3px}
.evidence{grid-column:2;color:var(--quiet);font-size:13px;unicode-bidi:isolate}
summary{cursor:pointer;min-height:32px}
.checks summary,.corp summary{font-weight:600}
.checks summary{display:flex;align-items:center;gap:6px 12px}
.checks summary .quiet{font-weight:400;margin-left:auto}
.corp .what::before,.checks summary::before{content:"";width:7px;height:7px;flex:none;border:solid var(--quiet);
  border-width:0 2px 2px 0;transform:rotate(-45deg);margin:0 3px}
.corp[open]>summary .what::before,.checks [open]>summary::before{transform:rotate(45deg)}
summary .tag{color:var(--ink)}
.cells,.corp table{display:grid;grid-template-columns:270px 116px 1fr 58px 96px;column-gap:20px;align-items:center}
.critical .what{grid-column:1/3}
.critical .chart{grid-column:3}
.corp>summary{padding:7px 0;border-top:1px solid var(--line)}
.corp>summary .what{display:flex;align-items:center;gap:12px;padding-left:2px}
.corp>summary .quiet{font-weight:400}
.critical{padding-bottom:10px}
.bars,.ruler{display:block;overflow:visible}
.ruler text{fill:var(--quiet);font-size:11.5px}
.grid line{stroke:var(--line)}
.grid .now{stroke:var(--busy);stroke-dasharray:2 3}
.bar{fill:var(--tone)}
.bar.ghost{fill:none;stroke:var(--edge)}
.corp>.note{margin:2px 0 6px}
table{border-collapse:collapse;width:100%;margin:2px 0 14px;font-size:14px}
th,td{text-align:left;font-weight:400;padding:4px 0;vertical-align:top}
thead th{color:var(--quiet);font-size:12.5px}
td.chart{padding-top:6px}
.corp table{align-items:start}
.corp th.step,.corp>.note{padding-left:56px}
.corp thead,.corp tbody,.corp tr{display:grid;grid-template-columns:subgrid;grid-column:1/-1}
.corp tbody tr{border-top:1px solid var(--line)}
.time{text-align:right;white-space:nowrap;color:var(--quiet);font-variant-numeric:tabular-nums}
.chip{font-size:11px;color:var(--quiet);margin-left:8px;white-space:nowrap}
.chip::before,.planned::before{content:"";display:inline-block;width:10px;height:6px;border:1.2px solid var(--edge);
  border-radius:2px;margin-right:5px}
.said>td{grid-column:1/-1;padding:0 0 8px 56px}
.corp tbody tr.said{border:0}
.says{display:block;color:var(--quiet);font-size:12.5px;unicode-bidi:isolate}
.says.bad{color:var(--bad)}
.corp th .says{max-width:46ch}
.list{margin-top:18px}
.list td,.list th{vertical-align:middle;padding:10px 12px 10px 0;border-top:1px solid var(--line)}
.list thead th{border:0;padding-top:0}
.list tbody th{font-weight:600}
@media (max-width:1020px){
  .map .wide{display:none}
  .map .narrow{display:block}
  .cells{grid-template-columns:1fr auto;gap:4px 12px}
  .cells .chart{grid-column:1/-1!important}
  .corp table{grid-template-columns:1fr auto auto;column-gap:12px}
  .corp thead{display:none}
  .corp th.step,.corp>.note{padding-left:0}
  .corp tr{padding:7px 0;gap:2px 12px}
  .corp td,.corp th,.said>td{padding:0}.corp tr.said{padding-top:0}
  .corp td.state{grid-column:2}
  .corp td.chart{grid-column:1/-1;grid-row:2}
  .corp td.began,.chip::before{display:none}
}
@media (max-width:640px){
  body>header,main,body>footer{padding-left:12px;padding-right:12px}
  section,.top{padding:16px 14px}
  .top{grid-template-columns:1fr}
  .actions{justify-content:flex-start;margin-top:10px}
  .delete>form{left:0;right:auto;width:min(300px,100%)}
  h1{font-size:25px}
  .facts{grid-template-columns:1fr}
  .list thead{display:none}
  .list tr{display:grid;grid-template-columns:1fr 150px;border-top:1px solid var(--line);padding:10px 0;gap:2px 12px}
  .list td,.list th{border:0;padding:0}
}
@media print{
  body{background:none}
  .actions,body>header{display:none}
  section,.top{box-shadow:none}
}
"""

SCRIPT = """
(() => {
  const said = document.getElementById("said");
  const opened = () => [...document.querySelectorAll("main details")].map(one => [one.id, one.open]);
  const put = fresh => {
    const old = document.querySelector("main"), focus = document.activeElement && document.activeElement.id;
    const confirmed = document.getElementById("confirm")?.checked;
    for (const [id, open] of opened()) {
      const same = fresh.querySelector("#" + CSS.escape(id));
      if (same) same.open = open;
    }
    old.replaceWith(fresh);
    if (confirmed && document.getElementById("confirm")) document.getElementById("confirm").checked = true;
    if (focus) document.getElementById(focus)?.focus({preventScroll: true});
    if (said.textContent !== fresh.dataset.say) said.textContent = fresh.dataset.say;
  };
  const look = async () => {
    const pause = Number(document.querySelector("main").dataset.again) * 1000;
    if (!pause) return;
    await new Promise(go => setTimeout(go, pause));
    try {
      if (!document.hidden) {
        const answer = await fetch(location.href, {cache: "no-store", headers: {Accept: "text/html"}});
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.querySelector("main");
        if (answer.ok && fresh) { put(document.adoptNode(fresh)); document.title = page.title; }
      }
    } catch { /* The app may be restarting; the next look tells. */ }
    look();
  };
  look();
})();
"""


def hash_of(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src '{hash_of(STYLE)}'; script-src '{hash_of(SCRIPT)}'; img-src data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
"""What every page is answered with. The address may carry a key: it stays within this host and out of caches."""
