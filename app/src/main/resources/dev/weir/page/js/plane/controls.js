import {LitElement, html, nothing} from 'lit';
import {get, update, subscribe} from '../store.js';

const WATCHED = ['server', 'reading', 'token', 'direction', 'range', 'transposed', 'skipFirst', 'run'];
const RANGES = [['run', 'Fitted to the run'], ['screen', 'Fitted to the screen'], ['fixed', 'Fixed']];

/** What the cells of the plane show, on which scale, and which way round. */
class PlaneControls extends LitElement {
  createRenderRoot() { return this; }

  connectedCallback() {
    super.connectedCallback();
    this.unsubscribe = subscribe((_, changed) => {
      if (WATCHED.some(key => changed.has(key))) this.requestUpdate();
    });
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.unsubscribe();
  }

  render() {
    const {server, reading, transposed} = get();
    if (!server) return nothing;
    const chosen = server.readings.find(r => r.id === reading);
    return html`
      <div class="row plane-controls" role="group" aria-label="What the cells show">
        <label>Cells show
          <select class="plane-reading" @change=${e => update({reading: e.target.value})}>
            ${server.readings.map(r => this.option(r, reading))}
          </select>
        </label>
        ${chosen?.asks === 'TOKEN' ? this.token() : nothing}
        ${chosen?.asks === 'DIRECTION' && !get().direction
          ? html`<span class="muted">Make a direction first, in the panel Directions.</span>` : nothing}
        ${this.range()}
        <label title="The first position behaves unlike all others; its numbers would take the scale.">
          <input type="checkbox" class="plane-skip" .checked=${get().skipFirst}
            @change=${e => update({skipFirst: e.target.checked})}>
          Fit without position 0
        </label>
        <button type="button" class="plane-transpose" aria-pressed=${transposed}
          @click=${() => update({transposed: !transposed})}>Transpose</button>
      </div>`;
  }

  option(reading, now) {
    const lacks = reading.asks === 'DIRECTION' && !get().direction;
    return html`<option value=${reading.id} ?selected=${reading.id === now}
      ?disabled=${lacks && reading.id !== now}>${reading.title}${lacks ? ' (none yet)' : ''}</option>`;
  }

  token() {
    return html`<label>Token
      <input class="plane-token token" size="10" spellcheck="false" .value=${get().token}
        placeholder="the answer" title="A token's text with its leading space, or its id as #123; empty: the model's own answer at each position."
        @change=${e => update({token: e.target.value})}></label>`;
  }

  range() {
    const {range} = get();
    return html`
      <label>Scale
        <select class="plane-range" @change=${e => this.setMode(e.target.value)}>
          ${RANGES.map(([mode, title]) => html`<option value=${mode} ?selected=${mode === range.mode}>${title}</option>`)}
        </select>
      </label>
      ${range.mode === 'fixed' ? html`
        ${this.bound('low', 'From')} ${this.bound('high', 'To')}` : nothing}`;
  }

  bound(name, title) {
    return html`<label>${title}
      <input class=${`plane-${name} number`} type="number" step="any" .value=${String(get().range[name])}
        @change=${e => this.setBound(name, e.target.valueAsNumber)}></label>`;
  }

  /** A fixed range begins where the fitted one was. */
  setMode(mode) {
    const {shown} = get();
    update({range: mode === 'fixed' ? {mode, ...(shown ?? {low: 0, high: 1})} : {mode}});
  }

  setBound(name, value) {
    if (Number.isFinite(value)) update({range: {...get().range, [name]: value}});
  }
}

customElements.define('weir-plane-controls', PlaneControls);
