import {LitElement, html, nothing} from 'lit';
import {ask} from './api.js';
import {get, update, subscribe} from './store.js';
import {add, describe, listed, put, remove, replace, toggle} from './change/edits.js';
import './change/answers.js';
import './change/before.js';
import './change/beside.js';
import './change/texts.js';

/** Between two moves of a slider that are sent, milliseconds. */
const PAUSE = 60;
const REACH = {stream: 4, raw: 20};
const WATCHED = ['run', 'before', 'pinned', 'direction', 'changes', 'asides', 'second', 'server', 'model'];

/** Changes of the run: made at the pinned cell, listed, and what they do. */
class Change extends LitElement {
  static properties = {spot: {state: true}, write: {state: true}};

  createRenderRoot() { return this; }

  connectedCallback() {
    super.connectedCallback();
    this.unsubscribe = subscribe((_, changed) => {
      if (WATCHED.some(key => changed.has(key))) this.requestUpdate();
      if (changed.has('pinned') || changed.has('run')) this.look();
    });
    this.look();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.unsubscribe();
  }

  /** Asks what can be changed at the pinned cell. */
  async look() {
    const {run, pinned} = get();
    const key = run && pinned ? `${run.model} ${pinned.place}` : '';
    if (key === this.looked) return;
    this.looked = key;
    try {
      this.spot = key ? await ask(`runs/${run.run}/spot`, {place: pinned.place}) : null;
      this.write = 0;
    } catch (e) {
      update({problem: e.message});
    }
  }

  render() {
    if (!get().run) return nothing;
    return html`
      <section class="change-part" aria-labelledby="change-here"><h2 id="change-here">At the pinned cell</h2>${this.here()}</section>
      <section class="change-part" aria-labelledby="change-list"><h2 id="change-list">Changes</h2>${this.list()}</section>
      <section class="change-part" aria-labelledby="change-second"><h2 id="change-second">Beside it</h2>${this.second()}</section>
      <section class="change-part" aria-labelledby="change-answer"><h2 id="change-answer">What it says next</h2><weir-answers></weir-answers></section>
      <section class="change-part" aria-labelledby="change-writes"><h2 id="change-writes">What it goes on to write</h2><weir-texts></weir-texts></section>`;
  }

  // ------------------------------------------------------------------ at the pinned cell

  here() {
    const {run, pinned, direction} = get();
    if (!pinned || !this.spot || !run.tokens[pinned.position]) return html`<p class="muted">Pin a cell of the plane to change the run there.</p>`;
    return html`
      <p><span class="token">${run.tokens[pinned.position].text}</span>
        <span class="muted">position ${pinned.position}, ${this.spot.place}</span></p>
      <div class="row">
        <label>Act at <select class="change-scope"><option value="here">this token</option>
          <option value="all">every token</option></select></label>
      </div>
      ${this.spot.writes.length > 0 ? this.writes() : nothing}
      <div class="row">
        <button type="button" class="change-steer" ?disabled=${!direction} @click=${this.steer}>Steer here</button>
        <button type="button" ?disabled=${!direction} @click=${() => this.along('project-out')}>Project out here</button>
        <button type="button" ?disabled=${!this.other} @click=${() => this.patch(this.spot.hook)}>Patch the stream here</button>
      </div>
      <p class="muted">${direction ? html`Along <b>${direction.name ?? direction.id}</b>.` : 'Choose a direction in its panel to steer along it.'}
        ${this.other ? nothing : 'Give a second prompt below to patch from it.'}</p>`;
  }

  writes() {
    const {writes} = this.spot;
    const write = writes[this.write] ?? writes[0];
    return html`
      <div class="row">
        <label>Written <select class="change-write" @change=${e => { this.write = e.target.selectedIndex; }}>
          ${writes.map((w, i) => html`<option ?selected=${i === this.write}>${w.title}</option>`)}</select></label>
        ${write.parts ? html`<label>${write.parts.kind === 'HEADS' ? 'Head' : 'Neuron'}
          <input class="change-unit" type="number" min="0" max=${write.parts.count - 1} placeholder="all"></label>` : nothing}
      </div>
      <div class="row">
        <button type="button" class="change-ablate" @click=${() => this.ablate('ablate', write)}>Zero it</button>
        <button type="button" @click=${() => this.ablate('mean', write)}>Its mean</button>
        <button type="button" ?disabled=${!this.other} @click=${() => this.patch(write.hook)}>Patch it</button>
      </div>`;
  }

  get scope() {
    return this.querySelector('.change-scope').value === 'here' ? [get().pinned.position] : [];
  }

  ablate(kind, {hook, parts}) {
    const unit = this.querySelector('.change-unit')?.value ?? '';
    const some = unit === '' ? [] : [Number(unit)];
    const heads = parts?.kind === 'HEADS' ? some : [];
    const neurons = parts?.kind === 'NEURONS' ? some : [];
    add({kind, hook: some.length > 0 ? parts.hook : hook, heads, neurons, positions: this.scope});
  }

  steer() { this.along('steer', {coefficient: 1, unit: 'stream'}); }

  along(kind, more = {}) {
    add({kind, hook: this.spot.hook, direction: get().direction.id, ...more, positions: this.scope});
  }

  /** The second prompt, if it is another one of the same model. */
  get other() {
    const {second, run} = get();
    return second && second.model === run.model ? second.prompt : '';
  }

  /** Each position takes from the one beside it. */
  async patch(hook) {
    const {run, before} = get();
    try {
      const {positions} = await ask('compare', {
        first: before.run, second: run.run, reading: 'norm', places: '0:1', positions: '0:1'});
      const pairs = positions.second.map((to, i) => [to, positions.first[i]])
        .filter(([to, from]) => to >= 0 && from >= 0 && (this.scope.length === 0 || this.scope.includes(to)));
      if (pairs.length === 0) throw new Error('Nothing of the second prompt stands beside this token.');
      add({kind: 'patch', hook, heads: [], prompt: this.other,
        positions: pairs.map(([to]) => to), from: pairs.map(([, from]) => from)});
    } catch (e) {
      update({problem: e.message});
    }
  }

  // ------------------------------------------------------------------ the list

  list() {
    const list = listed();
    if (list.length === 0) return html`<p class="muted">None: the run is the model's own.</p>`;
    return html`
      <ul class="change-list">${list.map((entry, i) => this.entry(entry, i))}</ul>
      <button type="button" class="quiet" @click=${() => put([])}>Remove all</button>`;
  }

  entry({change, on}, index) {
    return html`<li>
      <div class="row">
        <label class="change-name"><input type="checkbox" .checked=${on} @change=${() => toggle(index)}> ${describe(change)}</label>
        <button type="button" class="quiet" aria-label=${`Remove: ${describe(change)}`} @click=${() => remove(index)}>×</button>
      </div>
      ${change.kind === 'steer' ? this.strength(change, index) : nothing}</li>`;
  }

  strength(change, index) {
    const reach = Math.max(REACH[change.unit], Math.abs(change.coefficient));
    const set = value => this.later(() => replace(index, {...change, coefficient: value}));
    return html`<div class="row change-strength">
      <input class="change-slider" type="range" min=${-reach} max=${reach} step=${reach / 80} .value=${String(change.coefficient)}
        aria-label="How much of the direction" @input=${e => set(e.target.valueAsNumber)}>
      <input class="change-coefficient number" type="number" step="any" .value=${String(change.coefficient)} aria-label="Coefficient"
        @change=${e => { if (Number.isFinite(e.target.valueAsNumber)) set(e.target.valueAsNumber); }}>
      <label><span class="visually-hidden">In units of</span><select @change=${e => replace(index, {...change, unit: e.target.value})}>
        <option value="stream" ?selected=${change.unit === 'stream'}>lengths of the stream</option>
        <option value="raw" ?selected=${change.unit === 'raw'}>the direction as it is</option></select></label>
    </div>`;
  }

  /** The latest move of a slider counts. */
  later(move) {
    clearTimeout(this.moving);
    this.moving = setTimeout(move, PAUSE);
  }

  // ------------------------------------------------------------------ what is seen beside

  second() {
    const {second, server, model} = get();
    const models = server?.models ?? [];
    return html`
      <form @submit=${this.compare}>
        <label class="visually-hidden" for="second-prompt">Second prompt</label>
        <textarea id="second-prompt" rows="2" spellcheck="false" placeholder="A second prompt; the same one if left empty"
          .value=${second?.prompt ?? ''}></textarea>
        <div class="row">
          ${models.length > 1 ? html`<label>Model <select id="second-model">${models.map(m => html`<option value=${m.id}
            ?selected=${m.id === (second?.model ?? model)}>${m.name}</option>`)}</select></label>` : nothing}
          <button>Compare</button>
          <button type="button" class="quiet" ?disabled=${!second} @click=${() => update({second: null})}>Leave it</button>
        </div>
      </form>
      <p class="muted">${second ? 'Before is the second run, after is this one.'
        : 'Without a second prompt or model, before is this run without its changes.'}</p>`;
  }

  compare(event) {
    event.preventDefault();
    const prompt = this.querySelector('#second-prompt').value || get().prompt;
    const model = this.querySelector('#second-model')?.value ?? get().model;
    update({second: {model, prompt, changes: []}});
  }
}

customElements.define('weir-change', Change);
