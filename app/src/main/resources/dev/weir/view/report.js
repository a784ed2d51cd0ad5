"use strict";
// Tables: a heading sorts by its column, a second time the other way round.
for (const table of document.querySelectorAll("table")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((th, column) => th.querySelector("button").addEventListener("click", () => {
    const down = th.getAttribute("aria-sort") === "ascending"
      || (th.getAttribute("aria-sort") === null && th.className === "number");
    headings.forEach(other => other.removeAttribute("aria-sort"));
    th.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = row => {
      const cell = row.cells[column];
      if (cell.dataset.v === undefined) return cell.textContent;
      return cell.dataset.v === "" ? NaN : Number(cell.dataset.v);
    };
    const rows = [...table.tBodies[0].rows].map(row => [key(row), row]);
    rows.sort(([a], [b]) => {
      if (typeof a === "string") return (down ? -1 : 1) * a.localeCompare(b);
      if (isNaN(a) || isNaN(b)) return isNaN(a) - isNaN(b); // what is not a number comes last
      return (down ? -1 : 1) * (a - b);
    });
    table.tBodies[0].append(...rows.map(([, row]) => row));
  }));
}
// Figures: a mark that has a title shows it under the pointer; arrow keys move between marks.
const tip = document.getElementById("tip");
let lit = null;
function show(mark) {
  if (lit) lit.classList.remove("on");
  lit = mark;
  tip.hidden = !mark;
  if (!mark) return;
  mark.classList.add("on");
  tip.textContent = mark.dataset.tip;
  const box = mark.getBoundingClientRect();
  const x = Math.min(box.right + 8, innerWidth - tip.offsetWidth - 8);
  const y = Math.min(box.bottom + 6, innerHeight - tip.offsetHeight - 8);
  tip.style.left = Math.max(8, x) + "px";
  tip.style.top = Math.max(8, y) + "px";
}
// A dot is small: the nearest one within reach of the pointer speaks.
function nearest(dots, event) {
  let best = null, least = 18;
  for (const dot of dots) {
    const box = dot.getBoundingClientRect();
    const far = Math.hypot(box.x + box.width / 2 - event.clientX, box.y + box.height / 2 - event.clientY);
    if (box.width > 0 && far < least) { best = dot; least = far; }
  }
  return best;
}
for (const figure of document.querySelectorAll("figure")) {
  const marks = [...figure.querySelectorAll("title")].map(title => {
    const mark = title.parentNode;
    mark.dataset.tip = title.textContent;
    title.remove();
    return mark;
  });
  const dots = marks.filter(mark => mark.tagName === "circle");
  figure.addEventListener("pointermove", event =>
    show(event.target.dataset && event.target.dataset.tip ? event.target : nearest(dots, event)));
  figure.addEventListener("pointerleave", () => show(null));
  figure.addEventListener("blur", () => show(null));
  figure.addEventListener("keydown", event => {
    const step = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    if (event.key === "Escape") return show(null);
    if (!step || marks.length === 0) return;
    event.preventDefault();
    if (!lit || !marks.includes(lit)) return show(marks[0]);
    const from = lit.getBoundingClientRect();
    let best = null, least = Infinity;
    for (const mark of marks) {
      const to = mark.getBoundingClientRect();
      if (to.width === 0) continue; // of a hidden line
      const dx = to.x + to.width / 2 - from.x - from.width / 2;
      const dy = to.y + to.height / 2 - from.y - from.height / 2;
      const along = dx * step[0] + dy * step[1];
      const aside = Math.abs(dx * step[1]) + Math.abs(dy * step[0]);
      if (along > 0.5 && along + 4 * aside < least) { best = mark; least = along + 4 * aside; }
    }
    if (best) { best.scrollIntoView({ block: "nearest", inline: "nearest" }); show(best); }
  });
}
// Lines: a button for each shows or hides it.
for (const figure of document.querySelectorAll("figure")) {
  const lines = [...figure.querySelectorAll("g[data-series]")];
  if (lines.length < 2) continue;
  const legend = document.createElement("div");
  legend.className = "legend";
  legend.setAttribute("role", "group");
  legend.setAttribute("aria-label", "Lines shown");
  for (const line of lines) {
    const button = document.createElement("button");
    const name = document.createElement("span");
    name.textContent = line.dataset.series;
    button.type = "button";
    button.className = "ink-" + line.dataset.ink;
    button.setAttribute("aria-pressed", "true");
    button.append(name);
    button.addEventListener("click", () => {
      const hide = line.toggleAttribute("data-hidden");
      button.setAttribute("aria-pressed", String(!hide));
      show(null);
    });
    legend.append(button);
  }
  figure.before(legend);
}
