import {html, nothing} from 'lit';
import {Asked, choice} from './asked.js';
import {bar} from './bar.js';
import {brief, percent} from '../plane/scale.js';
import './heat.js';

const TOP = 6;
const MEASURES = [
  {id: 'weights', title: 'Weight', says: brief},
  {id: 'lengths', title: 'Length', says: brief},
  {id: 'shares', title: 'Share', says: percent},
];

/** Where along the sequence a block read from for a cell. */
class AlongSequence extends Asked {
  constructor() {
    super();
    this.measure = 'weights';
    this.all = false;
  }

  willUpdate(changed) {
    if (changed.has('cell') || changed.has('run')) this.block = undefined;
  }

  get question() { return {path: 'sequence', parameters: {block: this.block}}; }

  arrived() { this.mark(); }

  change(patch) {
    Object.assign(this, patch);
    if (this.found) this.mark();
    this.requestUpdate();
  }

  /** The cells that were read. */
  mark() {
    this.name('sequence', this.found.readings.flatMap(reading =>
      reading.together[this.measure].map((weight, i) => ({place: reading.place, position: reading.from + i, weight}))
        .filter(cell => Number.isFinite(cell.weight))));
  }

  view(found) {
    return html`
      <section class="axes-part" aria-labelledby="along-sequence">
        <h3 id="along-sequence">Along the sequence</h3>
        ${found.block === null ? nothing : html`<div class="row">
          <label>Block <select @change=${e => this.change({block: e.target.value})}>
            ${found.blocks.map(block => html`<option value=${block} ?selected=${block === found.block}>${block}${
              block === found.blocks.at(-1) ? ' (last)' : ''}</option>`)}</select></label>
          ${choice('Measured by', MEASURES, this.measure, measure => this.change({measure}))}
        </div>`}
        ${found.readings.map(reading => this.reading(reading))}
        ${found.neighbours.map(mixer => this.mixer(mixer))}
        ${found.notes.map(note => html`<p class="muted">${note}</p>`)}
      </section>`;
  }

  reading(reading) {
    const rows = [reading.together, ...reading.heads];
    const tokens = this.run.tokens.slice(reading.from, reading.to);
    const names = tokens.map((token, i) => `${token.text} at ${reading.from + i}`);
    return html`
      <h4><span class="mono">${reading.writer}</span>
        <span class="muted">${reading.kind} over positions ${reading.from} to ${reading.to - 1}</span></h4>
      <weir-heat latest .rows=${rows.map((row, i) => i === 0 ? 'all' : row.label)} .columns=${names}
        .values=${rows.map(row => row[this.measure])}
        label=${`What ${reading.writer} read of each position, head by head; the table below names the largest`}
        @choose=${e => this.walk(reading.place, reading.from + e.detail.column)}></weir-heat>
      ${this.table(reading)}
      <p class="muted axes-meaning">${reading.meaning}${Math.abs(reading.rest) > .001
        ? ` ${percent(reading.rest)} of what it wrote came from no position: a bias, or a change.` : ''}</p>`;
  }

  table(reading) {
    const {together} = reading;
    const positions = together.weights.map((_, i) => i);
    const shown = this.all ? positions
      : positions.sort((a, b) => Math.abs(together[this.measure][b]) - Math.abs(together[this.measure][a])).slice(0, TOP);
    const count = reading.to - reading.from;
    return html`
      <div class="axes-scroll"><table class="axes-table">
        <caption class="visually-hidden">Positions that ${reading.writer} read${this.all ? '' : ', the largest first'}</caption>
        <thead><tr><th scope="col">Source</th>${MEASURES.map(({title}) => html`<th scope="col" class="number">${title}</th>`)}
          <th scope="col">Head</th></tr></thead>
        <tbody>${shown.map(i => this.source(reading, i))}</tbody>
      </table></div>
      ${count > TOP ? html`<button class="quiet" aria-expanded=${this.all} @click=${() => this.change({all: !this.all})}>${
        this.all ? 'Only the largest' : `All ${count}`}</button>` : nothing}`;
  }

  source(reading, i) {
    const position = reading.from + i;
    const {text} = this.run.tokens[position];
    return html`<tr>
      <th scope="row"><button class="axes-go" data-position=${position}
        aria-label=${`Pin ${text} at position ${position}, where ${reading.writer} read it`}
        @click=${() => this.walk(reading.place, position)}><span class="token">${text}</span>
        <span class="muted number">${position}</span></button></th>
      ${MEASURES.map(({id, says}) => html`<td class="number">${says(reading.together[id][i])}</td>`)}
      <td class="mono">${this.strongest(reading, i)}</td></tr>`;
  }

  strongest({heads}, i) {
    if (heads.length === 0) return '';
    const size = head => Math.abs(head[this.measure][i]);
    return heads.reduce((a, b) => size(b) > size(a) ? b : a).label;
  }

  /** A convolution that mixes neighbours on the way. */
  mixer({label, from, weights, meaning}) {
    const most = Math.max(...weights);
    return html`
      <h4><span class="mono">${label}</span></h4>
      <table class="axes-table"><caption class="visually-hidden">${label}</caption><tbody>
        ${weights.map((weight, i) => html`<tr><th scope="row"><span class="token">${this.run.tokens[from + i].text}</span>
          <span class="muted number">${from + i}</span></th><td class="axes-bar-cell">${bar(weight, most)}</td>
          <td class="number">${brief(weight)}</td></tr>`)}
      </tbody></table>
      <p class="muted axes-meaning">${meaning}</p>`;
  }
}

customElements.define('weir-along-sequence', AlongSequence);
