import {LitElement, html, nothing} from 'lit';
import {get} from '../store.js';
import {Scale, brief} from '../plane/scale.js';

const [NARROWEST, WIDEST] = [4, 32];
const [LOWEST, HIGHEST] = [4, 14];
/** More rows than this are too low to be named. */
const NAMED = 48;
const HEIGHT = 420;
/** Narrower cells touch one another. */
const GAPLESS = 6;

/**
 * A table of numbers as colours, scrolled where it is wide: `rows` and `columns` are names, `values`
 * a list of numbers for each row. A click fires `choose` with {row, column}.
 */
class Heat extends LitElement {
  static properties = {
    rows: {attribute: false}, columns: {attribute: false}, values: {attribute: false},
    label: {}, latest: {type: Boolean},
  };

  createRenderRoot() { return this; }

  get named() { return this.rows.length <= NAMED; }

  render() {
    return html`
      <div class="heat">
        ${this.named ? html`<div class="heat-rows mono" aria-hidden="true">${this.rows.map(row => html`<span>${row}</span>`)}</div>` : nothing}
        <div class="heat-box"><canvas role="img" aria-label=${this.label} @click=${this.click}
          @pointermove=${this.point} @pointerleave=${() => this.say('')}></canvas></div>
      </div>
      <p class="heat-said muted number" aria-hidden="true"></p>`;
  }

  updated(changed) {
    if (!get().server) return;
    this.draw();
    if (changed.has('columns') && this.latest) {
      const box = this.querySelector('.heat-box');
      box.scrollLeft = box.scrollWidth;
    }
    this.say('');
  }

  draw() {
    const canvas = this.querySelector('canvas');
    const within = (x, low, high) => Math.max(low, Math.min(high, Math.floor(x)));
    const wide = this.querySelector('.heat-box').clientWidth / this.columns.length;
    const size = this.size = {
      width: within(wide, NARROWEST, WIDEST),
      height: this.named ? HIGHEST : within(HEIGHT / this.rows.length, LOWEST, HIGHEST),
    };
    this.style.setProperty('--heat-row', `${size.height}px`);
    canvas.width = size.width * this.columns.length;
    canvas.height = size.height * this.rows.length;
    const context = canvas.getContext('2d');
    const scale = this.scale = this.fitted();
    const gap = size.width < GAPLESS ? 0 : 1;
    this.values.forEach((row, y) => row.forEach((value, x) => {
      if (!Number.isFinite(value)) return;
      context.fillStyle = scale.colour(value);
      context.fillRect(x * size.width, y * size.height, size.width - gap, size.height - 1);
    }));
  }

  /** From zero up, or to both sides of zero where some number is below. */
  fitted() {
    const finite = this.values.flat().filter(Number.isFinite);
    const [low, high] = [Math.min(0, ...finite), Math.max(0, ...finite)];
    return new Scale(low < 0 ? 'DIVERGING' : 'SEQUENTIAL', get().server.colours, low, high);
  }

  at(event) {
    const [column, row] = [Math.floor(event.offsetX / this.size.width), Math.floor(event.offsetY / this.size.height)];
    return Number.isFinite(this.values[row]?.[column]) ? {row, column} : null;
  }

  point(event) {
    const at = this.at(event);
    this.say(at ? `${this.rows[at.row]}, ${this.columns[at.column]}: ${brief(this.values[at.row][at.column])}` : '');
  }

  /** What the pointer is on, or else what the colours mean. */
  say(words) {
    const {low, high} = this.scale ?? {low: 0, high: 0};
    this.querySelector('.heat-said').textContent = words || `colours from ${brief(low)} to ${brief(high)}`;
  }

  click(event) {
    const at = this.at(event);
    if (at) this.dispatchEvent(new CustomEvent('choose', {detail: at}));
  }
}

customElements.define('weir-heat', Heat);
