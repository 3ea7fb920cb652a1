"""What a page is looked over for, as JavaScript that runs in it and gives a list of findings."""

from __future__ import annotations

NAMED = """() => {
  const found = [], name = one => (one.getAttribute("aria-label") || one.innerText || one.textContent || "").trim();
  const shown = one => one.checkVisibility();
  if (!document.documentElement.lang) found.push("no language");
  for (const landmark of ["header", "nav", "main", "footer"])
    if (document.querySelectorAll(landmark).length !== 1) found.push("not one " + landmark);
  const levels = [...document.querySelectorAll("h1,h2,h3")].filter(shown).map(one => Number(one.tagName[1]));
  if (levels.filter(level => level === 1).length !== 1 || levels[0] !== 1) found.push("not one h1, first");
  levels.forEach((level, n) => { if (n && level > levels[n - 1] + 1) found.push("heading skips to h" + level); });
  for (const one of document.querySelectorAll("a,button,summary,th"))
    if (shown(one) && !name(one)) found.push("nameless " + one.outerHTML.slice(0, 80));
  for (const one of document.querySelectorAll("input:not([type=hidden])"))
    if (!one.labels.length && !one.getAttribute("aria-label")) found.push("unlabelled " + one.outerHTML);
  for (const one of document.querySelectorAll("svg"))
    if (shown(one) && one.getAttribute("aria-hidden") !== "true" && !(one.getAttribute("role") === "img" && name(one)))
      found.push("picture without words: " + one.outerHTML.slice(0, 80));
  for (const one of document.querySelectorAll("[aria-labelledby]"))
    if (!document.getElementById(one.getAttribute("aria-labelledby"))) found.push("label missing: " + one.tagName);
  for (const one of document.querySelectorAll("table"))
    if (!one.caption || !one.querySelector("th[scope=col]") || !one.querySelector("th[scope=row]"))
      found.push("table without caption or heads");
  const ids = [...document.querySelectorAll("[id]")].map(one => one.id);
  for (const id of new Set(ids)) if (ids.filter(one => one === id).length > 1) found.push("id twice: " + id);
  for (const one of document.querySelectorAll("use"))
    if (!document.querySelector(one.getAttribute("href"))) found.push("mark missing: " + one.getAttribute("href"));
  if (!document.querySelector("[role=status]")) found.push("no status line");
  return found;
}"""

CONTRAST = """() => {
  const parse = text => { const m = text.match(/[\\d.]+/g); return m && m.map(Number); };
  const light = ([r, g, b]) => {
    const part = v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; };
    return .2126 * part(r) + .7152 * part(g) + .0722 * part(b);
  };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + .05) / (y + .05); };
  const ground = (one, x, y) => {
    const stack = document.elementsFromPoint(x, y);
    for (const under of stack.slice(Math.max(stack.indexOf(one), 0))) {
      const style = getComputedStyle(under);
      const svg = under instanceof SVGGeometryElement;
      if (under instanceof SVGElement && !svg) continue;
      const colour = parse(svg ? style.fill : style.backgroundColor);
      if (colour && (colour.length < 4 || colour[3] === 1) && (!svg || style.fill !== "none")) return colour;
    }
    return parse(getComputedStyle(document.body).backgroundColor);
  };
  const found = [];
  let looked = 0;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const one = walk.currentNode.parentElement;
    const unseen = one.closest(".hidden,.skip,title,style,script");
    if (!walk.currentNode.textContent.trim() || !one.checkVisibility() || unseen) continue;
    const range = document.createRange();
    range.selectNodeContents(walk.currentNode);
    const box = range.getBoundingClientRect();
    if (!box.width) continue;
    const style = getComputedStyle(one);
    const ink = parse(one instanceof SVGElement ? style.fill : style.color);
    const size = parseFloat(style.fontSize), bold = Number(style.fontWeight) >= 700;
    const needed = size >= 24 || (bold && size >= 18.66) ? 3 : 4.5;
    const has = ratio(ink, ground(one, box.x + box.width / 2, box.y + box.height / 2));
    looked++;
    if (has < needed) found.push(`${has.toFixed(2)}: ${walk.currentNode.textContent.trim().slice(0, 40)}`);
  }
  if (looked < 20) found.push("looked at " + looked + " texts only");
  return found;
}"""

COLLISIONS = """() => {
  const svg = [...document.querySelectorAll(".map > svg")].find(one => one.checkVisibility());
  const frame = svg.getBoundingClientRect(), found = [];
  const boxes = [...svg.querySelectorAll("text")].flatMap(one => {
    const lines = [...one.querySelectorAll("tspan[x]")];
    return (lines.length ? lines : [one]).map(line => [line.textContent, line.getBoundingClientRect()]);
  });
  const marks = [...svg.querySelectorAll("use")].map(one => ["mark", one.getBoundingClientRect()]);
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3;
  boxes.forEach(([text, box], n) => {
    if (box.left < frame.left || box.right > frame.right || box.bottom > frame.bottom) found.push("outside: " + text);
    for (const [other, its] of [...boxes.slice(n + 1), ...marks])
      if (meet(box, its)) found.push(`${text} / ${other}`);
  });
  return found;
}"""

SCROLLS = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
