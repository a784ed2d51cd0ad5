import {LitElement, html, nothing} from 'lit';
import {ask, loadD3} from '../api.js';
import {get, subscribe, update} from '../store.js';
import {brief} from '../plane/scale.js';
import {read, watch} from './shelf.js';
import {begin, ended, progress} from '../work.js';

/** What was found last, {direction, status}: outlives the panel. */
let last = null;

const SIZE = {width: 340, height: 150, left: 6, right: 6, top: 16, bottom: 22};

/** How the corpus lies along the direction: a histogram, and the tokens at both ends. */
class CorpusPart extends LitElement {
  static properties = {last: {state: true}, problem: {state: true}, lowest: {state: true}};

  constructor() {
    super();
    this.last = last;
    this.problem = '';
    this.lowest = false;
  }

  createRenderRoot() { return this; }

  connectedCallback() {
    super.connectedCallback();
    this.unwatch = watch(() => this.requestUpdate());
    this.unsubscribe = subscribe((_, changed) => {
      if (changed.has('pinned') || changed.has('run')) this.requestUpdate();
    });
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.unwatch();
    this.unsubscribe();
    if (this.last && !ended(this.last.status)) this.work?.stop();
  }

  /** Where the corpus is read: at the pinned cell's place, or in the middle. */
  get place() {
    const {run, pinned} = get();
    return run?.places[pinned?.place ?? Math.floor(run.places.length / 2)];
  }

  render() {
    const {mixture} = read();
    if (!mixture) return nothing;
    const status = this.last?.direction === mixture.id ? this.last.status : null;
    return html`
      <h3>Over the corpus</h3>
      <div class="row">
        <label>at <select class="corpus-place">${(get().run?.places ?? []).map(label =>
          html`<option ?selected=${label === this.place}>${label}</option>`)}</select></label>
        <label>windows <input class="corpus-windows number" type="number" min="1" max="4096" value="64"
          title="Of up to 128 tokens, evenly spread over the corpus; position 0 of each is left out"></label>
        ${status && !ended(status)
          ? html`<button type="button" @click=${() => this.work.stop()}>Stop</button>`
          : html`<button type="button" class="corpus-read" @click=${() => this.begin(mixture.id)}>Read the corpus</button>`}
      </div>
      <p class="muted" role="status">${status ? progress(status) : ''}</p>
      <p class="problem" role="alert">${this.problem}</p>
      ${status?.found ? this.found(status.found) : nothing}`;
  }

  found(found) {
    const examples = this.lowest ? found.bottom : found.top;
    return html`
      <p class="muted"><span class="number">${found.tokens.toLocaleString('en')}</span> tokens of
        ${found.corpus} at ${found.place}, position 0 left out: mean
        <span class="number">${brief(rounded(found.mean, found.deviation))}</span>, deviation
        <span class="number">${brief(found.deviation)}</span></p>
      <svg class="corpus-histogram" viewBox="0 0 ${SIZE.width} ${SIZE.height}" role="img"
        aria-label=${`Histogram of ${found.tokens} values from ${brief(found.least)} to ${brief(found.most)}`}></svg>
      <div class="row" role="group" aria-label="Which end">
        <button type="button" aria-pressed=${!this.lowest} @click=${() => { this.lowest = false; }}>Largest</button>
        <button type="button" aria-pressed=${this.lowest} @click=${() => { this.lowest = true; }}>Smallest</button>
        <span class="muted">A click opens the text.</span>
      </div>
      <ol class="corpus-examples">${examples.map(example => html`
        <li><button type="button" class="quiet" @click=${() => open(example)}>
          <span class="number">${brief(example.value)}</span>
          <span class="token corpus-context">${example.before.join('')}<mark>${example.token}</mark>${example.after.join('')}</span>
        </button></li>`)}
      </ol>`;
  }

  async begin(direction) {
    const value = name => this.querySelector(`.corpus-${name}`).value;
    this.problem = '';
    try {
      this.work = await begin({kind: 'histogram', of: {
        model: get().model, direction, place: value('place'), windows: Number(value('windows')),
        first: 'LEFT_OUT',
      }}, status => this.told(direction, status));
    } catch (e) {
      this.problem = e.message;
    }
  }

  told(direction, status) {
    this.last = last = {direction, status};
    this.problem = status.error ?? '';
  }

  // ------------------------------------------------------------------ histogram

  updated() { this.mark(); }

  /** Draws the histogram, with the pinned cell's value once that is known. */
  async mark() {
    const found = this.last?.status.found;
    const svg = this.querySelector('svg');
    if (!svg || !found) return;
    const d3 = await loadD3();
    draw(d3, svg, found, null);
    const value = await this.pinnedValue();
    if (this.last?.status.found === found && svg.isConnected) draw(d3, svg, found, value);
  }

  async pinnedValue() {
    const {pinned, run} = get();
    if (!pinned || !run) return null;
    try {
      const plane = await ask(`runs/${run.run}/plane`, {
        reading: 'dot', direction: this.last.direction,
        places: `${pinned.place}:${pinned.place + 1}`,
        positions: `${pinned.position}:${pinned.position + 1}`});
      return plane.values[0][0];
    } catch {
      return null;
    }
  }
}

/** Zero where a mean is nothing but rounding. */
function rounded(mean, deviation) { return Math.abs(mean) < 1e-9 * deviation ? 0 : mean; }

/** Opens the text around a token of the corpus. */
function open({text}) { update({prompt: text, pinned: null}); }

function draw(d3, svg, {histogram: {low, width, counts}}, pinned) {
  const {left, right, top, bottom} = SIZE;
  const ends = [low, low + width * counts.length, ...(pinned === null ? [] : [pinned])];
  const x = d3.scaleLinear(d3.extent(ends), [left, SIZE.width - right]);
  const y = d3.scaleLinear([0, d3.max(counts)], [SIZE.height - bottom, top]);
  const root = d3.select(svg);
  root.selectAll('*').remove();
  root.append('g').selectAll('rect').data(counts).join('rect')
    .attr('class', (_, i) => low + i * width < 0 ? 'below' : 'above')
    .attr('x', (_, i) => x(low + i * width) + .5)
    .attr('width', Math.max(.5, x(low + width) - x(low) - 1))
    .attr('y', y).attr('height', count => y(0) - y(count))
    .append('title').text((count, i) =>
      `${brief(low + i * width)} to ${brief(low + (i + 1) * width)}: ${count}`);
  root.append('g').attr('class', 'axis').attr('transform', `translate(0 ${SIZE.height - bottom})`)
    .call(d3.axisBottom(x).ticks(5).tickSizeOuter(0));
  if (pinned !== null) marker(root, x(pinned), brief(pinned));
}

function marker(root, x, words) {
  root.append('line').attr('class', 'pinned').attr('x1', x).attr('x2', x)
    .attr('y1', SIZE.top - 3).attr('y2', SIZE.height - SIZE.bottom);
  root.append('text').attr('class', 'pinned').attr('y', 10)
    .attr('x', Math.min(SIZE.width - 4, Math.max(4, x)))
    .attr('text-anchor', x > SIZE.width / 2 ? 'end' : 'start').text(`pinned ${words}`);
}

customElements.define('weir-corpus', CorpusPart);
