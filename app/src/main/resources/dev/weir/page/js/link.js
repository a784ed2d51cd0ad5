import {LitElement, html, nothing} from 'lit';
import {ask, send} from './api.js';
import {LINKED, get, update, subscribe} from './store.js';

/**
 * Links: what the page shows, written into its address behind the `#`, so that nothing of it is
 * sent to a server and the token is not in it. A field for each key of LINKED that is not as it was
 * in the beginning, and the names of the models, because their ids hold for one server only:
 * `#v=1&models=gpt2&prompt=Hello&pinned={"place":3,"position":1}`. Fields that are missing, unknown
 * or broken leave the rest as it is.
 */
const VERSION = 1;

/** What the page shows now, as far as links tell it. */
function linked() { return Object.fromEntries(LINKED.map(key => [key, get()[key]])); }

/** Before anybody changed anything. */
const BEGINNING = linked();

/** Changes that the browser's back button undoes one by one; others go with the next of them. */
const STEPS = [
  'model', 'prompt', 'reading', 'token', 'direction', 'changes', 'second', 'transposed', 'pinned'];

/** What sliders change: changes that follow within this time are one step. */
const SLID = ['direction', 'changes'];
const ONE_STEP_MS = 1000;

const SETTLED_MS = 150;

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** What a link says of the page now: `{v, models, ..keys}`. */
export function snapshot() {
  const state = get();
  const changed = LINKED.filter(key => !same(state[key], BEGINNING[key]));
  return {
    v: VERSION,
    models: (state.server?.models ?? []).map(model => model.name),
    ...Object.fromEntries(changed.map(key => [key, state[key]])),
  };
}

/** The fragment of a snapshot, without the `#`. */
export function fragment({v, models, ...keys}) {
  const fields = new URLSearchParams({v});
  for (const model of models) fields.append('models', model);
  for (const [key, value] of Object.entries(keys)) fields.set(key, written(value));
  return fields.toString();
}

/** Texts stay as they are, unless an address cannot hold them. */
function written(value) {
  const plain = typeof value === 'string' && value.isWellFormed() && !value.startsWith('"');
  return plain ? value : JSON.stringify(value);
}

/** What a fragment says: a snapshot, and `lost`: the fields that nobody can read. */
export function understood(hash) {
  const fields = new URLSearchParams(hash.replace(/^#/, ''));
  const known = LINKED.filter(key => fields.has(key));
  const keys = {}, lost = [];
  for (const key of known) {
    const value = read(fields.get(key), typeof BEGINNING[key] === 'string');
    if (fits(key, value)) keys[key] = value; else lost.push(key);
  }
  return {v: Number(fields.get('v') ?? VERSION), models: fields.getAll('models'), ...keys, lost};
}

function read(text, isText) {
  if (isText && !text.startsWith('"')) return text;
  try { return JSON.parse(text); } catch { return undefined; }
}

const isObject = value => typeof value === 'object' && value !== null && !Array.isArray(value);
const isCell = value => isObject(value) && [value.place, value.position].every(
  index => Number.isInteger(index) && index >= 0);

/** Whether a value is of the kind that a key holds. */
function fits(key, value) {
  if (key === 'pinned') return value === null || isCell(value);
  if (key === 'direction') return value === null || (isObject(value) && typeof value.id === 'string');
  const usual = BEGINNING[key];
  if (usual === null) return value === null || isObject(value);
  if (Array.isArray(usual)) return Array.isArray(value);
  return isObject(usual) ? isObject(value) : typeof value === typeof usual;
}

/**
 * What to change to show what a snapshot says, the rest being as in `base`, and sentences about what
 * is not there any more.
 */
async function show({v, models: names, lost, ...keys}, base) {
  const {models} = get().server;
  const said = [];
  if (v > VERSION) said.push('The link was made by a newer Weir; what this one understands is shown.');
  if (lost.length > 0) said.push(`The link is damaged: ${lost.join(', ')} could not be read.`);
  const {ids, gone} = matched(names, models);
  const patch = renamed({...base, ...keys}, ids);
  if (!models.some(model => model.id === patch.model) || gone.has(patch.model)) {
    said.push(`The link is about the model “${gone.get(patch.model) ?? patch.model}”, which is not open here; ${models[0].name} is shown.`);
    patch.model = models[0].id;
  }
  if (patch.second && gone.has(patch.second.model)) {
    said.push(`The model “${gone.get(patch.second.model)}” that was seen beside it is not open here.`);
    patch.second = null;
  }
  patch.direction = await found(patch.direction, gone.size === 0, said);
  for (const key of LINKED) if (same(patch[key], get()[key])) delete patch[key];
  return {patch, said};
}

/** The ids here of the models of a link, and by id the names of those that are not here. */
function matched(names, models) {
  const ids = new Map(), gone = new Map();
  names.forEach((name, index) => {
    const here = models[index]?.name === name ? models[index] : models.find(m => m.name === name);
    if (here) ids.set('m' + index, here.id); else gone.set('m' + index, name);
  });
  return {ids, gone};
}

/** The same with other ids of models, at any depth. */
function renamed(value, ids) {
  if (Array.isArray(value)) return value.map(item => renamed(item, ids));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) =>
    [key, key === 'model' && ids.has(item) ? ids.get(item) : renamed(item, ids)]));
}

/** The direction of a link: from the library, or made again; null if it is gone. */
async function found(direction, mayMake, said) {
  if (!direction) return direction;
  if (get().direction?.id === direction.id || await isKept(direction.id)) return direction;
  if (mayMake && direction.recipe) {
    try {
      return {...direction, id: (await send('POST', 'directions', direction.recipe)).id};
    } catch { /* Said below. */ }
  }
  said.push(`The direction “${direction.name ?? direction.id}” of the link is gone; the rest is shown.`);
  return null;
}

async function isKept(vector) {
  try {
    return (await ask('library/directions', {vector, limit: 1})).total > 0;
  } catch {
    return false;
  }
}

/** The address of a snapshot; without the token, which the browser keeps. */
export function address(view = snapshot()) {
  return `${location.origin}${location.pathname}#${fragment(view)}`;
}

/** Keeps the page and its address the same, in both directions. */
class History {
  keys = new Set();
  slid = -Infinity;
  asked = 0;

  constructor(tell) {
    this.tell = tell;
  }

  /** Shows what the address says; an answer that comes after a newer question is dropped. */
  async read(base = BEGINNING) {
    const asked = ++this.asked;
    const {patch, said} = await show(understood(location.hash), base);
    if (asked !== this.asked) return;
    this.tell(said);
    update(patch);
    this.forget();
  }

  /** Writes what the page shows into the address, when it has been so for a moment. */
  changed(keys) {
    for (const key of keys) if (LINKED.includes(key)) this.keys.add(key);
    if (this.keys.size === 0) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.write(), SETTLED_MS);
  }

  write() {
    const keys = this.forget();
    const hash = '#' + fragment(snapshot());
    if (hash === location.hash) return;
    const now = performance.now();
    const slides = keys.every(key => SLID.includes(key)) && now - this.slid < ONE_STEP_MS;
    const step = !slides && keys.some(key => STEPS.includes(key));
    history[step ? 'pushState' : 'replaceState'](null, '', hash);
    if (keys.some(key => SLID.includes(key))) this.slid = now;
  }

  /** Gives what was to be written. */
  forget() {
    clearTimeout(this.timer);
    const keys = [...this.keys];
    this.keys.clear();
    return keys;
  }
}

/** The button that copies the link, and what there is to say about the link that was opened. */
class Link extends LitElement {
  static properties = {said: {state: true}, copied: {state: true}, shown: {state: true}};

  constructor() {
    super();
    this.said = [];
    this.copied = '';
    this.shown = '';
    this.history = new History(said => { this.said = said; });
  }

  createRenderRoot() { return this; }

  /** Shows what the address says, and follows it from then on; once the server has answered. */
  async begin() {
    // Who was quicker than the server has already changed something, and keeps it.
    await this.history.read(linked());
    addEventListener('popstate', () => this.history.read());
    subscribe((_, changed) => this.history.changed(changed));
  }

  async copy() {
    const link = address();
    try {
      await navigator.clipboard.writeText(link);
      this.copied = 'Copied';
      setTimeout(() => { this.copied = ''; }, 2000);
    } catch {
      this.shown = link;
      await this.updateComplete;
      this.querySelector('input').select();
    }
  }

  render() {
    return html`
      <button class="quiet" @click=${this.copy}>Copy link</button>
      <span role="status" class="muted">${this.copied}</span>
      ${this.shown ? html`<label>Link <input readonly .value=${this.shown}
        @blur=${() => { this.shown = ''; }}></label>` : nothing}
      <div role="status" class="link-said" ?hidden=${this.said.length === 0}>
        ${this.said.map(sentence => html`<p>${sentence}</p>`)}
        ${this.said.length > 0
          ? html`<button class="quiet" @click=${() => { this.said = []; }}>Close</button>` : nothing}
      </div>`;
  }
}

customElements.define('weir-link', Link);
