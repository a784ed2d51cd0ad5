import {LitElement, html, nothing} from 'lit';
import {repeat} from 'lit/directives/repeat.js';
import {brief} from '../plane/scale.js';
import {drop, normalise, read, use, watch, weigh} from './shelf.js';

/** The directions in use, and how much of each is in the mixture. */
class Mixer extends LitElement {
  createRenderRoot() { return this; }

  connectedCallback() {
    super.connectedCallback();
    this.unwatch = watch(() => this.requestUpdate());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.unwatch();
  }

  render() {
    const {items, unit, problem} = read();
    if (items.length === 0) {
      return html`<p class="muted">No direction yet. Make one above; several can then be mixed.</p>`;
    }
    return html`
      <ul class="mixer">${repeat(items, item => item.id, item => this.item(item))}</ul>
      <label title="The sum of the directions, each times its number, is divided by its Euclidean length in raw coordinates.">
        <input type="checkbox" class="mixer-unit" .checked=${unit}
          @change=${e => normalise(e.target.checked)}> Made of length 1</label>
      ${problem ? html`<p class="problem" role="alert">${problem}</p>` : nothing}`;
  }

  item({id, name, description, coefficient}) {
    const set = e => Number.isFinite(e.target.valueAsNumber) && weigh(id, e.target.valueAsNumber);
    return html`
      <li>
        <button type="button" class="quiet mixer-name" title=${description}
          @click=${() => use(read().items.find(item => item.id === id))}>${name}</button>
        <button type="button" class="quiet" aria-label=${`Remove ${name}`} @click=${() => drop(id)}>×</button>
        <input type="range" min="-1" max="1" step="0.05" .value=${String(coefficient)}
          aria-label=${`How much of ${name}`} aria-valuetext=${brief(coefficient)} @input=${set}>
        <input type="number" class="number" step="0.05" .value=${String(coefficient)}
          aria-label=${`How much of ${name}, as a number`} @change=${set}>
      </li>`;
  }
}

customElements.define('weir-mixer', Mixer);
