import {LitElement, html} from 'lit';
import {send} from '../api.js';
import {get, subscribe} from '../store.js';
import {make, use} from './shelf.js';

/** What a direction can be made from. */
const KINDS = [
  ['unembedding', 'A token, or one less another'],
  ['cells', 'Two cells'],
  ['prompts', 'Two prompts'],
  ['neuron', 'What a neuron writes'],
  ['head', 'What a head wrote here'],
  ['singular', 'What a head’s map reads or writes'],
  ['probe', 'A probe between two lists of prompts'],
  ['pca', 'Principal components of the corpus'],
  ['file', 'A file'],
];

/** Makes directions: which kind, its few fields, and a button. */
class Sources extends LitElement {
  static properties = {kind: {state: true}, problem: {state: true}, busy: {state: true}};

  constructor() {
    super();
    this.kind = 'unembedding';
    this.problem = '';
  }

  createRenderRoot() { return this; }

  connectedCallback() {
    super.connectedCallback();
    this.unsubscribe = subscribe((_, changed) => {
      if (['pinned', 'run', 'server', 'model'].some(key => changed.has(key))) this.requestUpdate();
    });
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.unsubscribe();
  }

  render() {
    return html`
      <form class="directions-make" @submit=${this.submit}>
        <label>From
          <select class="directions-kind" @change=${e => { this.kind = e.target.value; this.problem = ''; }}>
            ${KINDS.map(([kind, title]) => html`<option value=${kind} ?selected=${kind === this.kind}>${title}</option>`)}
          </select>
        </label>
        ${this.kind === 'pca' ? html`<weir-components></weir-components>` : html`
          <div class="directions-fields">${this[this.kind]()}</div>
          <button class="primary directions-submit" ?disabled=${this.busy}>Make the direction</button>`}
        <p class="problem" role="alert">${this.problem}</p>
      </form>`;
  }

  // ------------------------------------------------------------------ fields

  unembedding() {
    return html`
      ${text('token', 'Token', ' happy', 'Its text with its leading space, or its id as #123')}
      ${text('less', 'less', '', 'Another token, or nothing', false)}
      <label class="directions-wide"><input type="checkbox" name="gain" checked>
        through the gain of the final norm</label>`;
  }

  cells() {
    const {place, position} = this.here();
    return html`
      ${this.place('plus', 'The stream at', place)} ${count('plusPosition', 'token', position)}
      ${this.place('minus', 'less the stream at', place)}
      ${count('minusPosition', 'token', Math.max(0, position - 1))}
      ${lines('other', 'of another prompt, or nothing for this one', '', 1, false)}`;
  }

  prompts() {
    return html`
      ${lines('plus', 'Mean stream of', get().prompt, 2)}
      ${lines('minus', 'less that of', '', 2)}
      ${this.place('place', 'at', this.here().place)}`;
  }

  neuron() { return html`${count('layer', 'Block', 0)} ${count('neuron', 'neuron', 0)}`; }

  head() {
    return html`${count('layer', 'Block', 0)} ${count('head', 'head', 0)}
      ${count('position', 'token', this.here().position)}`;
  }

  singular() {
    return html`
      ${choice('map', 'Map', [
        ['OV RIGHT', 'OV: what it writes'], ['OV LEFT', 'OV: what it reads'],
        ['QK LEFT', 'QK: what asks'], ['QK RIGHT', 'QK: what is asked for']])}
      ${count('layer', 'Block', 0)} ${count('head', 'head', 0)}
      ${count('index', 'singular vector', 0)}`;
  }

  probe() {
    return html`
      ${choice('probe', 'Probe', [
        ['MEAN', 'Difference of means'], ['LDA', 'Linear discriminant'], ['LOGISTIC', 'Logistic']])}
      ${lines('plus', 'Prompts that have it, one a line', '', 3)}
      ${lines('minus', 'Prompts that have it not', '', 3)}
      ${this.place('place', 'at', this.here().place)}
      <label>token <input class="number" name="position" type="number" value="-1" step="1"
        title="From 0; negative from the end of each prompt"></label>`;
  }

  file() {
    return html`
      <label class="directions-wide directions-drop" @dragover=${over} @dragleave=${left} @drop=${this.dropped}>
        A .npy, .safetensors or .json file, chosen or dropped here
        <input type="file" name="file" accept=".npy,.json,.safetensors" required>
      </label>
      ${text('tensor', 'Tensor', '', 'Which one, where a .safetensors file holds several', false)}
      ${text('row', 'Row', '', 'Which one; nothing for all', false)}`;
  }

  /** The pinned cell, or one in the middle. */
  here() {
    const {pinned, run} = get();
    return pinned ?? {
      place: Math.floor((run?.places.length ?? 1) / 2), position: (run?.tokens.length ?? 1) - 1};
  }

  place(name, title, chosen) {
    return choice(name, title, (get().run?.places ?? []).map(label => [label, label]),
      get().run?.places[chosen]);
  }

  // ------------------------------------------------------------------ making

  async submit(event) {
    event.preventDefault();
    const form = event.target;
    const fields = Object.fromEntries(new FormData(form));
    this.busy = true;
    this.problem = '';
    try {
      if (this.kind === 'file') await this.upload(form.elements.file.files[0], fields);
      else await make(await this.recipe(fields));
    } catch (e) {
      this.problem = e.message;
    }
    this.busy = false;
  }

  async recipe(fields) {
    const {model} = get();
    switch (this.kind) {
      case 'unembedding': return {
        kind: 'unembedding', model, token: fields.token, less: fields.less || null,
        gain: fields.gain ? 'MULTIPLIED' : 'LEFT_OUT'};
      case 'cells': return {
        kind: 'cells',
        plus: {run: this.run(get().run), place: fields.plus, position: Number(fields.plusPosition)},
        minus: {
          run: this.run(fields.other ? await send('POST', 'runs', {model, text: fields.other}) : get().run,
            fields.other ? [] : undefined),
          place: fields.minus, position: Number(fields.minusPosition)}};
      case 'prompts': return {kind: 'prompts', model, ...fields};
      case 'neuron': return {kind: 'neuron', model, ...numbers(fields)};
      case 'head': return {kind: 'head', run: this.run(get().run), ...numbers(fields)};
      case 'singular': {
        const {map, ...rest} = fields;
        const [circuit, side] = map.split(' ');
        return {kind: 'singular', model, circuit, side, ...numbers(rest)};
      }
      default: return {
        kind: 'probe', model, probe: fields.probe, place: fields.place,
        plus: linesOf(fields.plus), minus: linesOf(fields.minus), position: Number(fields.position)};
    }
  }

  /** What a run is made from, as recipes hold it. */
  run({model, tokens}, changes = get().changes) {
    return {model, tokens: tokens.map(token => token.id), changes};
  }

  async upload(file, {tensor, row}) {
    const query = new URLSearchParams({model: get().model, name: file.name});
    if (tensor) query.set('tensor', tensor);
    if (row) query.set('row', row);
    const made = await send('POST', `directions/upload?${query}`, file);
    for (const direction of made.toReversed()) use(direction);
  }

  dropped(event) {
    event.preventDefault();
    left(event);
    this.querySelector('input[type=file]').files = event.dataTransfer.files;
  }
}

function over(event) {
  event.preventDefault();
  event.currentTarget.classList.add('over');
}

function left(event) { event.currentTarget.classList.remove('over'); }

const numbers = fields =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, Number(value)]));

const linesOf = text => text.split('\n').filter(line => line.trim() !== '');

function text(name, title, value, hint, required = true) {
  return html`<label>${title} <input class="token" name=${name} .value=${value} title=${hint} size="9"
    spellcheck="false" autocomplete="off" ?required=${required}></label>`;
}

function count(name, title, value) {
  return html`<label>${title} <input class="number" name=${name} type="number" min="0" step="1"
    .value=${String(value)} required></label>`;
}

function lines(name, title, value, rows, required = true) {
  return html`<label class="directions-wide">${title}
    <textarea name=${name} rows=${rows} spellcheck="false" ?required=${required} .value=${value}></textarea></label>`;
}

function choice(name, title, options, chosen = options[0]?.[0]) {
  return html`<label>${title} <select name=${name}>${options.map(([value, shown]) =>
    html`<option value=${value} ?selected=${value === chosen}>${shown}</option>`)}</select></label>`;
}

customElements.define('weir-sources', Sources);
