import {LitElement, html, nothing} from 'lit';
import {ask} from '../api.js';
import {get, update, subscribe} from '../store.js';

const WATCHED = ['run', 'before', 'beside', 'server', 'reading', 'by'];
const ALIGNED = {
  index: 'one by one',
  tokens: 'by the tokens that both prompts have; gaps are empty',
  sublayer: 'by block and sublayer; gaps are empty',
  depth: 'by relative depth',
};

/** The planes of two runs under each other, and their difference. */
class Beside extends LitElement {
  static properties = {sheet: {state: true}};

  createRenderRoot() { return this; }

  connectedCallback() {
    super.connectedCallback();
    this.unsubscribe = subscribe((_, changed) => {
      if (changed.has('run') || changed.has('before') || changed.has('by')) this.ask();
      if (WATCHED.some(key => changed.has(key))) this.requestUpdate();
    });
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.unsubscribe();
  }

  /** Asks how the two planes lie beside each other. */
  async ask() {
    const {run, before, by} = get();
    this.asking?.abort();
    if (!run || !before) {
      this.sheet = null;
      return;
    }
    const asking = this.asking = new AbortController();
    try {
      const first = await ask('compare', {
        first: before.run, second: run.run, by, reading: 'norm', places: '0:1', positions: '0:1',
      }, asking.signal);
      this.sheet = sheet(before, run, by, first);
    } catch (e) {
      if (e.name !== 'AbortError') update({problem: e.message});
    }
  }

  render() {
    const {sheet} = this;
    const {before, beside, second, server} = get();
    if (!sheet || !before || !server) return nothing;
    const reading = server.readings.find(r => r.id === get().reading);
    return html`<section class="change-beside" aria-label="Side by side">
      <div class="row">
        <h2>Side by side</h2>
        <label><input type="checkbox" .checked=${beside} @change=${e => update({beside: e.target.checked})}> Show</label>
        <span class="muted">Places aligned ${ALIGNED[sheet.places]}${sheet.positions === 'index' ? '' : `; positions ${ALIGNED[sheet.positions]}`}.</span>
        ${sheet.places === 'index' ? nothing : this.choice()}
      </div>
      ${beside ? html`
        <h3>${second ? 'The second run' : 'Before: without the changes'}</h3>
        <weir-plane bare follows class="change-plane-before" .run=${sheet.aligned ? before : sheet.first}></weir-plane>
        ${sheet.aligned ? nothing : html`<h3>This run, aligned</h3>
          <weir-plane bare follows .run=${sheet.second}></weir-plane>`}
        <h3>Difference: ${reading.title}, ${second ? 'this run less the second' : 'after less before'}</h3>
        <weir-plane bare class="change-plane-difference" .run=${sheet.difference}></weir-plane>` : nothing}
    </section>`;
  }

  choice() {
    return html`<label>Depths by <select @change=${e => update({by: e.target.value})}>
      ${[['depth', 'relative depth'], ['sublayer', 'block and sublayer']].map(([id, title]) =>
        html`<option value=${id} ?selected=${id === get().by}>${title}</option>`)}</select></label>`;
  }
}

/** What planes of two runs are made of; each is read like a run. */
function sheet(before, run, by, {places, positions}) {
  const aligned = places.by === 'index' && positions.by === 'index';
  const part = numbers => ({
    ...run,
    path: 'compare',
    query: {first: before.run, second: run.run, by},
    numbers,
    tokens: positions.second.map((at, i) => run.tokens[at] ?? before.tokens[positions.first[i]]),
    places: places.second.map((at, i) => run.places[at] ?? before.places[places.first[i]]),
    // A cell of these planes is a cell of the run, and the other way round.
    own: cell => cell && within({place: places.second[cell.place], position: positions.second[cell.position]}),
    shown: cell => cell && within({place: places.second.indexOf(cell.place), position: positions.second.indexOf(cell.position)}),
  });
  return {
    aligned, places: places.by, positions: positions.by,
    first: part('first'), second: part('second'), difference: part('difference'),
  };
}

function within(cell) { return cell.place >= 0 && cell.position >= 0 ? cell : null; }

customElements.define('weir-beside', Beside);
