import {html, svg, nothing} from 'lit';
import {Asked} from './asked.js';
import {bar} from './bar.js';
import {brief} from '../plane/scale.js';
import './heat.js';

const [WIDTH, HEIGHT, LEFT] = [340, 92, 44];
/** So many curves are told apart in one picture. */
const CURVES = 4;
const LARGEST = 12;
const WHO = {token: 'decided by this token', learned: 'learned', follows: 'follows from these'};

/** What the pathway decided for a cell, and what it learned. */
class RoutingOfCell extends Asked {
  constructor() {
    super();
    this.chosen = new Map();
  }

  get question() { return {path: 'routing', parameters: {}}; }

  view({pathway, idea, paper, decisions, meaning}) {
    return html`
      <section class="axes-part" aria-labelledby="axes-routing">
        <h3 id="axes-routing">Routing <span class="muted">${pathway}</span></h3>
        <p class="muted">${idea[0].toUpperCase()}${idea.slice(1)} (${paper}). ${meaning}</p>
        ${[...groups(decisions)].map(([name, group]) => this.group(name, group))}
      </section>`;
  }

  group(name, group) {
    const [first] = group;
    return html`
      <div class="axes-route" data-route=${first.value}>
        <h4><span class="mono">${first.value}</span> <span class="muted">${WHO[first.source]}</span></h4>
        <p class="muted axes-meaning">${first.meaning}</p>
        ${this.picture(name, group)}
        ${numbers(group)}
      </div>`;
  }

  picture(name, group) {
    const same = group.every(d => d.rows.length === 1 && String(d.columns) === String(group[0].columns));
    if (same && group[0].columns.length <= CURVES) return curves(group);
    const single = group.every(d => d.rows.length === 1);
    return html`${single ? overDepth(group) : nothing}${this.one(name, group, single)}`;
  }

  /** One of the decisions: bars, or a table in colours. */
  one(name, group, single) {
    const index = this.chosen.get(name) ?? latest(group);
    const decision = group[index];
    return html`
      <label>At <select @change=${e => this.choose(name, Number(e.target.value))}>
        ${group.map((d, i) => html`<option value=${i} ?selected=${i === index}>${d.site}${d.before ? '' : ', later'}</option>`)}
      </select></label>
      ${single ? bars(decision) : html`<weir-heat .rows=${decision.rows} .columns=${decision.columns}
        .values=${table(decision)} label=${`${decision.value} at ${decision.site}: ${decision.meaning}`}></weir-heat>`}`;
  }

  choose(name, index) {
    this.chosen.set(name, index);
    this.requestUpdate();
  }
}

/** Decisions of one name and one kind belong together, in the order of depth. */
function groups(decisions) {
  const groups = new Map();
  for (const decision of decisions) {
    const name = `${decision.source} ${decision.value}`;
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(decision);
  }
  return groups;
}

/** The last that had its effect on the cell, or the first. */
function latest(group) {
  return Math.max(0, group.findLastIndex(decision => decision.before));
}

function table({rows, columns, numbers}) {
  return rows.map((_, row) => numbers.slice(row * columns.length, (row + 1) * columns.length).map(x => x ?? NaN));
}

/** Weights over sources, block under block: a row for each reader, a column for each source. */
function overDepth(group) {
  const columns = [...new Set(group.flatMap(decision => decision.columns))];
  const values = group.map(decision => columns.map(name => {
    const at = decision.columns.indexOf(name);
    return at < 0 ? NaN : decision.numbers[at] ?? NaN;
  }));
  return html`<weir-heat .rows=${group.map(d => d.site)} .columns=${columns} .values=${values}
    label=${`${group[0].value} over depth: a row for each reader, a column for each source`}></weir-heat>`;
}

function bars({columns, numbers}) {
  const size = i => Math.abs(numbers[i] ?? 0);
  const order = columns.map((_, i) => i).sort((a, b) => size(b) - size(a)).slice(0, LARGEST);
  const most = Math.max(...numbers.map((_, i) => size(i)));
  return html`<table class="axes-table"><tbody>${order.map(i => html`<tr><th scope="row">${columns[i]}</th>
    <td class="axes-bar-cell">${bar(numbers[i], most)}</td><td class="number">${brief(numbers[i] ?? NaN)}</td></tr>`)}</tbody></table>`;
}

/** Numbers as curves over depth, the latest one before the cell marked. */
function curves(group) {
  const all = group.flatMap(decision => decision.numbers).filter(Number.isFinite);
  const [low, high] = [Math.min(0, ...all), Math.max(0, ...all)];
  const x = i => LEFT + (WIDTH - LEFT - 6) * (group.length > 1 ? i / (group.length - 1) : .5);
  const y = value => 6 + (HEIGHT - 12) * (high > low ? (high - value) / (high - low) : .5);
  const here = latest(group);
  const decision = group[here];
  const path = c => group.map((d, i) => Number.isFinite(d.numbers[c]) ? `${x(i)},${y(d.numbers[c])}` : '').join(' ');
  return html`
    <svg class="axes-curves" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"
      aria-label=${`${decision.value} over depth, from ${brief(low)} to ${brief(high)}`}>
      ${svg`<text x=${LEFT - 6} y="13">${brief(high)}</text><text x=${LEFT - 6} y=${HEIGHT - 3}>${brief(low)}</text>
        <line class="zero" x1=${LEFT} x2=${WIDTH - 6} y1=${y(0)} y2=${y(0)}></line>
        <line class="here" x1=${x(here)} x2=${x(here)} y1="0" y2=${HEIGHT}></line>
        ${decision.columns.map((_, c) => svg`<polyline class="curve curve-${c}" points=${path(c)}></polyline>`)}
        ${decision.columns.map((_, c) => Number.isFinite(decision.numbers[c])
          ? svg`<circle class="curve-${c}" cx=${x(here)} cy=${y(decision.numbers[c])} r="3"></circle>` : nothing)}`}
    </svg>
    <p class="number axes-here">${decision.site}${decision.before ? '' : ', later'}: ${decision.columns.map((name, c) => html`
      <span class="axes-key curve-${c}">${name} <b>${brief(decision.numbers[c] ?? NaN)}</b></span>`)}</p>`;
}

/** All of it as numbers, made when somebody opens it. */
function numbers(group) {
  return html`<details @toggle=${e => e.target.querySelector('.axes-scroll').hidden = !e.target.open}>
    <summary>Numbers</summary>
    <div class="axes-scroll" hidden><table class="axes-table"><tbody>${group.map(decision => decision.rows.map((row, r) => html`
      <tr><th scope="row"><span class="mono">${decision.name}</span> ${row}</th>
        <td class="axes-numbers number">${table(decision)[r].map((value, c) => `${decision.columns[c]} ${brief(value)}`.trim()).join(', ')}</td></tr>`))}</tbody></table></div>
  </details>`;
}

customElements.define('weir-routing', RoutingOfCell);
