import {LitElement, html} from 'lit';
import {ask} from './api.js';
import {get, update, subscribe} from './store.js';

/** The plane of tokens and places, coloured by a reading. */
class Plane extends LitElement {
  static properties = {run: {attribute: false}};

  createRenderRoot() { return this; }

  connectedCallback() {
    super.connectedCallback();
    this.unsubscribe = subscribe((_, changed) => {
      if (['reading', 'transposed', 'server'].some(key => changed.has(key))) this.requestUpdate();
    });
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.unsubscribe();
  }

  render() {
    return html`<canvas tabindex="0" role="img" aria-label="The residual stream: places against tokens"
      @click=${this.pin} @mousemove=${this.point}></canvas>`;
  }

  async updated() {
    if (!this.run || !get().server) return;
    const plane = await ask(`runs/${this.run.run}/plane`, {reading: get().reading});
    this.draw(plane.values);
  }

  draw(rows) {
    const canvas = this.querySelector('canvas');
    const {colours} = get().server;
    const size = this.size = Math.max(4, Math.floor(this.clientWidth / this.run.tokens.length));
    canvas.width = size * rows[0].length;
    canvas.height = 24 * rows.length;
    const finite = rows.flat().filter(Number.isFinite);
    const [low, high] = [Math.min(...finite), Math.max(...finite)];
    const context = canvas.getContext('2d');
    rows.forEach((row, place) => row.forEach((value, position) => {
      const share = (value - low) / (high - low || 1);
      context.fillStyle = colours.sequential[Math.round(255 * share)];
      context.fillRect(position * size, place * 24, size - 1, 23);
    }));
  }

  cell(event) {
    return {place: Math.floor(event.offsetY / 24), position: Math.floor(event.offsetX / this.size)};
  }

  point(event) { update({focused: this.cell(event)}); }

  pin(event) { update({pinned: this.cell(event)}); }
}

customElements.define('weir-plane', Plane);
