import {LitElement, html, nothing} from 'lit';
import {get, subscribe} from '../store.js';
import {brief, percent} from '../plane/scale.js';
import {make} from './shelf.js';
import {begin, ended, progress} from '../work.js';

/** What was found last: outlives the panel. */
let last = null;

/** Principal components of the stream over the corpus: how much each explains, and which to use. */
class Components extends LitElement {
  static properties = {status: {state: true}, problem: {state: true}};

  constructor() {
    super();
    this.problem = '';
    this.status = last;
  }

  createRenderRoot() { return this; }

  connectedCallback() {
    super.connectedCallback();
    this.unsubscribe = subscribe((_, changed) => {
      if (changed.has('run') || changed.has('pinned')) this.requestUpdate();
    });
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.unsubscribe();
    if (this.status && !ended(this.status)) this.work?.stop();
  }

  render() {
    const {run, pinned} = get();
    const places = run?.places ?? [];
    const chosen = places[pinned?.place ?? Math.floor(places.length / 2)];
    const working = this.status && !ended(this.status);
    return html`
      <div class="directions-fields">
        <label>Stream at <select class="pca-place">${places.map(label =>
          html`<option ?selected=${label === chosen}>${label}</option>`)}</select></label>
        <label>coordinates <select class="pca-scaling">
          <option value="RAW">raw</option><option value="Z_SCORED">z-scored</option></select></label>
        <label>windows <input class="pca-windows number" type="number" min="1" max="4096" value="64"
          title="Of up to 128 tokens, evenly spread over the corpus"></label>
        <label><input class="pca-first" type="checkbox"> with position 0</label>
      </div>
      ${working
        ? html`<button type="button" @click=${() => this.work.stop()}>Stop</button>`
        : html`<button type="button" class="primary pca-find" @click=${this.find}>Find components</button>`}
      <p class="muted" role="status">${this.status ? progress(this.status) : ''}</p>
      <p class="problem" role="alert">${this.problem}</p>
      ${this.status?.found ? this.found(this.status.found, working) : nothing}`;
  }

  found({pca, corpus, tokens, participationRatio, components}, working) {
    const largest = components[0]?.share || 1;
    return html`
      <p class="muted">${pca.place}, ${pca.scaling === 'RAW' ? 'raw' : 'z-scored'}, over
        <span class="number">${tokens.toLocaleString('en')}</span> tokens of ${corpus},
        ${pca.first === 'KEPT' ? 'position 0 counted' : 'position 0 left out'};
        ${brief(participationRatio)} dimensions in use. ${working ? 'So far:' : 'Choose a component:'}</p>
      <ol class="pca-bars">${components.map(one => html`
        <li><button type="button" class="quiet" ?disabled=${working} @click=${() => this.use(pca, one.index)}
          title=${`variance ${brief(one.variance)}`}>
          <span class="number">${one.index + 1}</span>
          <span class="pca-bar" .style=${`--share: ${one.share / largest}`}></span>
          <span class="number">${percent(one.share)}</span></button></li>`)}
      </ol>`;
  }

  async find() {
    const value = name => this.querySelector(`.pca-${name}`).value;
    this.problem = '';
    try {
      this.work = await begin({kind: 'pca', of: {
        model: get().model, place: value('place'), scaling: value('scaling'),
        windows: Number(value('windows')),
        first: this.querySelector('.pca-first').checked ? 'KEPT' : 'LEFT_OUT',
      }}, status => this.told(status));
    } catch (e) {
      this.problem = e.message;
    }
  }

  told(status) {
    this.status = last = status;
    this.problem = status.error ?? '';
  }

  async use(pca, index) {
    try {
      await make({kind: 'pca', pca, index});
    } catch (e) {
      this.problem = e.message;
    }
  }
}

customElements.define('weir-components', Components);
