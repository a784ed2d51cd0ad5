import {html, nothing} from 'lit';
import {brief, percent} from './scale.js';

/** How many writers beside the heads, and how many heads, a glance names. */
const WRITERS = 5;
const HEADS = 3;

/** What is said of a cell in a sentence, for those who do not see it. */
export function sentence(run, cell, reading, value, text, glance) {
  const token = run.tokens[cell.position].text;
  const says = text === undefined ? brief(value) : `${text}, ${brief(value)}`;
  const likely = glance ? ` The lens says ${glance.top.slice(0, 3).map(t => t.text).join(', ')}.` : '';
  return `Token ${token}, position ${cell.position}, place ${run.places[cell.place]}. ${reading.title}: ${says}.${likely}`;
}

/** A card beside a cell: its number, and once it has come what the lens says and who wrote. */
export function card(run, cell, reading, value, text, glance) {
  return html`
    <p class="plane-card-place"><span class="token">${run.tokens[cell.position].text}</span>
      <span class="muted">position ${cell.position}, ${run.places[cell.place]}</span></p>
    <p class="plane-card-number"><span class="muted">${reading.title}</span>
      <b class="number">${brief(value)}</b> ${text === undefined
        ? html`<span class="muted">${reading.unit}</span>` : html`<span class="token">${text}</span>`}</p>
    ${glance ? details(run, glance) : run.path ? nothing : html`<p class="muted">…</p>`}`;
}

function details(run, glance) {
  return html`
    <h2>The lens says</h2>
    <table><tbody>${glance.top.map(t => html`<tr><td class="token">${t.text}</td>
      <td class="number">${percent(t.probability)}</td></tr>`)}</tbody></table>
    <p class="muted number">entropy ${brief(glance.entropy)} nats, KL to the end ${brief(glance.klToEnd)} nats,
      length ${brief(glance.norm)}</p>
    <h2>${glance.place === 0 ? 'What entered' : 'Written since the place before'}</h2>
    <table><thead><tr><th>by</th><th class="number">length</th><th class="number">of the stream</th></tr></thead>
      <tbody>${writers(glance.written)}</tbody></table>
    <p class="muted">next token: ${glance.next === null || glance.next === undefined ? 'none, the text ends'
      : html`<span class="token">${run.tokens[glance.position + 1].text}</span>`}</p>`;
}

function writers(written) {
  const byLength = (a, b) => b.length - a.length;
  const whole = written.filter(w => !w.part).sort(byLength).slice(0, WRITERS);
  const heads = written.filter(w => w.part).sort(byLength).slice(0, HEADS);
  if (whole.length === 0) return html`<tr><td colspan="3">nothing</td></tr>`;
  return [...whole.map(w => writer(w)), heads.length > 0 ? heads.map(w => writer(w)) : nothing];
}

function writer({writer, part, length, share}) {
  return html`<tr class=${part ? 'plane-part' : ''}><td>${name(writer)}</td>
    <td class="number">${brief(length)}</td><td class="number">${percent(share)}</td></tr>`;
}

/** The rest is what nobody wrote. */
function name(writer) {
  return writer === 'rest' ? 'the pathway, or a change, on what was there' : writer;
}
