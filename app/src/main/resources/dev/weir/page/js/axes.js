import {LitElement, html} from 'lit';
import {repeat} from 'lit/directives/repeat.js';
import {get, update, subscribe} from './store.js';
import './axes/sequence.js';
import './axes/depth.js';
import './axes/routing.js';

/** Cells that were pinned before one walked on from them. */
const walked = [];
/** Marks fainter than this, for the strongest, are left out; and so many of an axis are drawn at most. */
const FAINTEST = .02;
const MARKED = 24;

/** Where the pinned cell came from, along both axes, and what the pathway decided there. */
class Axes extends LitElement {
  createRenderRoot() { return this; }

  connectedCallback() {
    super.connectedCallback();
    this.sources = {};
    this.unsubscribe = subscribe((_, changed) => {
      if (changed.has('run') || changed.has('pinned')) this.unmark();
      if (['run', 'pinned', 'transposed', 'token', 'server'].some(key => changed.has(key))) this.requestUpdate();
    });
    this.addEventListener('walk', event => this.walk(event.detail));
    this.addEventListener('sources', event => this.mark(event.detail));
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.unsubscribe();
    this.unmark();
  }

  /** Marks the cells that one axis names on the plane. */
  mark({axis, cells}) {
    const most = Math.max(...cells.map(cell => Math.abs(cell.weight)), Number.MIN_VALUE);
    this.sources[axis] = cells
      .map(({place, position, weight}) => ({place, position, weight: Math.abs(weight) / most}))
      .filter(cell => cell.weight > FAINTEST)
      .sort((a, b) => b.weight - a.weight)
      .slice(0, MARKED);
    update({highlights: Object.values(this.sources).flat()});
  }

  unmark() {
    this.sources = {};
    if (get().highlights.length > 0) update({highlights: []});
  }

  /** Pins a cell that the pinned one came from. */
  walk(cell) {
    walked.push(get().pinned);
    this.pin(cell);
  }

  back() { this.pin(walked.pop()); }

  pin(cell) {
    update({pinned: cell, focused: null});
    document.querySelector('weir-plane')?.reveal?.(cell);
  }

  get cell() {
    const {run, pinned} = get();
    const there = run && pinned && pinned.place < run.places.length && pinned.position < run.tokens.length;
    return there ? pinned : null;
  }

  render() {
    const {cell} = this;
    if (!cell) {
      walked.length = 0;
      return html`<p class="muted">Where did the stream of a cell come from? Click a cell of the plane,
        or move to it with the arrow keys and press Enter.</p>`;
    }
    const {run, transposed, token} = get();
    const axes = [
      {id: 'sequence', view: () => html`<weir-along-sequence .run=${run} .cell=${cell}></weir-along-sequence>`},
      {id: 'depth', view: () => html`<weir-along-depth .run=${run} .cell=${cell} .token=${token}></weir-along-depth>`},
    ];
    return html`
      <div class="axes-cell">
        <h2><span class="token">${run.tokens[cell.position].text}</span> at <span class="mono">${run.places[cell.place]}</span></h2>
        <button class="quiet" ?disabled=${walked.length === 0} @click=${this.back}>Back</button>
      </div>
      <p class="visually-hidden" aria-live="polite">Pinned: token ${run.tokens[cell.position].text},
        position ${cell.position}, place ${run.places[cell.place]}.</p>
      <div class="axes-both">${repeat(transposed ? axes.reverse() : axes, axis => axis.id, axis => axis.view())}</div>
      <p class="muted axes-duality">Attention reads earlier positions at one depth, a pathway earlier depths
        at one position. Over a short window the two are one operator, along two axes
        (<a href="https://arxiv.org/abs/2603.16039" rel="noreferrer">arXiv:2603.16039</a>): transpose the plane,
        and they change places.</p>
      <weir-routing .run=${run} .cell=${cell}></weir-routing>`;
  }
}

customElements.define('weir-axes', Axes);
