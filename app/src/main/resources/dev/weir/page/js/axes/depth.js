import {html, nothing} from 'lit';
import {Asked, choice} from './asked.js';
import {bar} from './bar.js';
import {brief, percent} from '../plane/scale.js';

const ORDERS = [{id: 'depth', title: 'By depth'}, {id: 'size', title: 'By size'}];
const MEASURES = [
  {id: 'share', title: 'Share', says: percent},
  {id: 'logit', title: 'Logit', says: brief},
];

/** Where along depth the stream of a cell came from. */
class AlongDepth extends Asked {
  static properties = {token: {attribute: false}};

  constructor() {
    super();
    this.order = 'depth';
    this.measure = 'share';
    this.heads = false;
  }

  get question() {
    const heads = this.heads || undefined;
    if (this.measure === 'share') return {path: 'depth', parameters: {heads}};
    return {path: 'depth', parameters: this.token ? {heads, token: this.token} : {heads, top: true}};
  }

  arrived({parts}) {
    this.name('depth', parts.filter(part => part.place >= 0)
      .map(part => ({place: part.place, position: this.cell.position, weight: part.share})));
  }

  change(patch) {
    Object.assign(this, patch);
    this.requestUpdate();
  }

  get says() { return MEASURES.find(measure => measure.id === this.measure).says; }

  view(found) {
    const size = part => Math.abs(part[this.measure] ?? 0);
    const most = Math.max(...found.parts.map(size));
    const parts = this.order === 'size' ? [...found.parts].sort((a, b) => size(b) - size(a)) : found.parts;
    return html`
      <section class="axes-part" aria-labelledby="along-depth">
        <h3 id="along-depth">Along depth</h3>
        <div class="row">
          ${choice('Measured by', MEASURES, this.measure, measure => this.change({measure}))}
          ${choice('In the order of', ORDERS, this.order, order => this.change({order}))}
          <label><input type="checkbox" .checked=${this.heads} @change=${e => this.change({heads: e.target.checked})}> heads</label>
        </div>
        <div class="axes-scroll"><table class="axes-table axes-depth">
          <caption class="visually-hidden">What each write has in the stream of this cell</caption>
          <thead><tr><th scope="col">Written by</th><th scope="col"><span class="visually-hidden">Bar</span></th>
            <th scope="col" class="number">${this.measure === 'share' ? 'Share' : 'Logit'}</th>
            <th scope="col" class="number">Cosine</th><th scope="col" class="number">Length</th>
            ${found.plain ? nothing : html`<th scope="col" class="number" title="what arrives for what was written">Kept</th>`}</tr></thead>
          <tbody>${parts.map(part => this.part(part, most, found.plain))}</tbody>
        </table></div>
        ${this.foot(found)}
        <p class="muted axes-meaning">${found.meaning}</p>
      </section>`;
  }

  part(part, most, plain) {
    const value = part[this.measure] ?? NaN;
    return html`<tr data-part=${part.label}>
      <th scope="row">${part.place < 0 ? html`<span class="mono">${part.label}</span>`
        : html`<button class="axes-go mono" @click=${() => this.walk(part.place, this.cell.position)}
            aria-label=${`Pin where ${part.label} read: ${this.run.places[part.place]}`}>${part.label}</button>`}</th>
      <td class="axes-bar-cell">${bar(value, most)}</td>
      <td class="number">${this.says(value)}</td>
      <td class="number">${brief(part.cosine ?? NaN)}</td>
      <td class="number">${brief(part.arrives ?? NaN)}</td>
      ${plain ? nothing : html`<td class="number">${kept(part)}</td>`}</tr>`;
  }

  foot({sum, length, answer}) {
    if (this.measure === 'share' || !answer) {
      return html`<p class="number axes-sum">Shares add up to <b>${(100 * sum).toFixed(2)} %</b>;
        the stream has length ${brief(length)}.</p>`;
    }
    const {text, logit, constant, later, addsUp} = answer;
    return html`<p class="number axes-sum">Logit of <span class="token">${text}</span>: <b>${brief(logit)}</b>,
      of which later writes ${brief(later)} and the constant ${brief(constant)}.
      ${addsUp ? '' : 'The parts do not add up to it: the stream itself was changed.'}</p>`;
  }
}

function kept({arrives, written}) {
  return written > 0 ? `×${brief(arrives / written)}` : '–';
}

customElements.define('weir-along-depth', AlongDepth);
