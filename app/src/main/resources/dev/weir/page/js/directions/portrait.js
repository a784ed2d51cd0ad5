import {LitElement, html, nothing} from 'lit';
import {ask} from '../api.js';
import {get, subscribe} from '../store.js';
import {brief} from '../plane/scale.js';
import {read, watch} from './shelf.js';

/** After the last change of a slider, milliseconds. */
const PAUSE = 120;

/** What the direction is like: what it is, its value in the pinned cell, tokens, others like it. */
class Portrait extends LitElement {
  static properties = {value: {state: true}, tokens: {state: true}, cosines: {state: true}};

  createRenderRoot() { return this; }

  connectedCallback() {
    super.connectedCallback();
    this.unwatch = watch(() => this.changed());
    this.unsubscribe = subscribe((_, changed) => {
      if (['direction', 'pinned', 'run'].some(key => changed.has(key))) this.changed();
    });
    this.changed();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.unwatch();
    this.unsubscribe();
    this.asking?.abort();
    clearTimeout(this.soon);
  }

  changed() {
    this.requestUpdate();
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.look(), PAUSE);
  }

  /** Asks for what belongs to the direction; what was asked for another one is given up. */
  async look() {
    const {mixture} = read();
    this.asking?.abort();
    const {signal} = this.asking = new AbortController();
    if (!mixture) return;
    try {
      const [value, tokens, cosines] = await Promise.all([
        this.cell(mixture.id, signal),
        ask(`directions/${mixture.id}/tokens`, {model: get().model}, signal),
        this.others(mixture.id, signal)]);
      Object.assign(this, {value, tokens, cosines});
    } catch (e) {
      if (e.name !== 'AbortError') Object.assign(this, {value: null, tokens: null, cosines: []});
    }
  }

  async cell(direction, signal) {
    const {pinned, run} = get();
    if (!pinned || !run) return null;
    const window = {
      places: `${pinned.place}:${pinned.place + 1}`,
      positions: `${pinned.position}:${pinned.position + 1}`};
    const [dot, cosine] = await Promise.all(['dot', 'cosine'].map(reading =>
      ask(`runs/${run.run}/plane`, {reading, direction, ...window}, signal)));
    return {
      dot: dot.values[0][0], cosine: cosine.values[0][0],
      where: `${run.places[pinned.place]}, ${run.tokens[pinned.position].text}`};
  }

  async others(id, signal) {
    const others = read().items.filter(item => item.id !== id);
    if (others.length === 0) return [];
    const ids = [id, ...others.map(item => item.id)].join(',');
    const {cosines} = await ask('directions/cosines', {ids}, signal);
    return others.map((item, i) => ({name: item.name, cosine: cosines[0][i + 1]}))
      .sort((a, b) => Math.abs(b.cosine) - Math.abs(a.cosine));
  }

  render() {
    const {mixture} = read();
    if (!mixture) return nothing;
    const {id, name, description, width, length, offset} = mixture;
    return html`
      <h3 class="portrait-name">${name}</h3>
      <p class="muted">${description}</p>
      <p class="muted number">${width} numbers, Euclidean length ${brief(length)}${offset
        ? html`, read as x · v − ${brief(offset)}` : nothing}</p>
      <p class="row">
        <a href=${`/api/directions/${id}/direction.json`} download="direction.json">direction.json</a>
        <a href=${`/api/directions/${id}/direction.npy`} download="direction.npy">direction.npy</a>
      </p>
      <p aria-live="polite">${this.value
        ? html`In the pinned cell (<span class="token">${this.value.where}</span>):
          <b class="number portrait-dot">${brief(this.value.dot)}</b>, cosine
          <span class="number portrait-cosine">${brief(this.value.cosine)}</span>`
        : html`<span class="muted">Pin a cell to see where it lies.</span>`}</p>
      ${this.tokens ? html`
        <h3 title="Through the gain of the final norm and the unembedding; the norm's scale is left out">Tokens at the end of the stream</h3>
        <div class="portrait-tokens">
          ${this.list('Speaks for', this.tokens.top)} ${this.list('Speaks against', this.tokens.bottom)}
        </div>` : nothing}
      ${this.cosines?.length ? html`
        <h3>Cosine with the others in use</h3>
        <table class="portrait-others"><tbody>${this.cosines.map(other => html`
          <tr><td>${other.name}</td><td class="number">${brief(other.cosine)}</td></tr>`)}</tbody></table>` : nothing}`;
  }

  list(title, tokens) {
    return html`<table><thead><tr><th colspan="2">${title}</th></tr></thead>
      <tbody>${tokens.map(token => html`<tr><td class="token">${token.text}</td>
        <td class="number">${brief(token.logit)}</td></tr>`)}</tbody></table>`;
  }
}

customElements.define('weir-portrait', Portrait);
