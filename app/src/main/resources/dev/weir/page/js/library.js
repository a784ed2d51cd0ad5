import {LitElement, html, nothing} from 'lit';
import {repeat} from 'lit/directives/repeat.js';
import {ask, send} from './api.js';
import {fragment, snapshot} from './link.js';
import {get, update, subscribe} from './store.js';

const SETTLED_MS = 150;

/** What can be kept: its words, what a form asks, and how a form's answers become a request. */
const SHELVES = {
  directions: {
    title: 'Directions', one: 'direction',
    empty: 'No direction is kept yet. One that you make under Directions can be kept here by name, and used with every model of the same width.',
    fields: [
      {name: 'name', label: 'Name', required: true, most: 120},
      {name: 'description', label: 'Description', lines: true, most: 10000},
      {name: 'tags', label: 'Tags, with commas between them', most: 800}],
    shown: item => ({...item, tags: item.tags.join(', ')}),
    asked: form => ({...form, tags: form.tags.split(',').map(tag => tag.trim()).filter(Boolean)}),
  },
  views: {
    title: 'Pinned views', one: 'view',
    empty: 'No view is pinned yet. Pin what the page shows now, with a note on what is to be seen.',
    fields: [
      {name: 'name', label: 'Name', required: true, most: 120},
      {name: 'note', label: 'What is to be seen', lines: true, most: 10000}],
    shown: item => item,
    asked: form => form,
  },
  notes: {
    title: 'Notes', one: 'note',
    empty: 'There are no notes yet. A note is about the model and the prompt, and about the pinned cell where there is one.',
    fields: [{name: 'text', label: 'Note', lines: true, required: true, most: 10000}],
    shown: item => item,
    asked: form => form,
  },
};

const modelName = () => get().server?.models.find(model => model.id === get().model)?.name ?? '';

/** What belongs to a new thing besides what its form asks. */
const NEW = {
  directions() {
    const {id, recipe} = get().direction;
    return {direction: id, recipe: recipe ?? {}, model: modelName()};
  },
  views: () => ({state: snapshot()}),
  notes() {
    const {prompt, pinned, run} = get();
    const cell = pinned && run ? {place: run.places[pinned.place], position: pinned.position} : {};
    return {model: modelName(), prompt, ...cell};
  },
};

/** The library: what was kept, found by words, used, changed, deleted and brought back. */
class Library extends LitElement {
  static properties = {
    words: {state: true}, fitting: {state: true}, found: {state: true}, form: {state: true},
    said: {state: true}, problem: {state: true}, deleted: {state: true},
  };

  constructor() {
    super();
    this.words = '';
    this.fitting = true;
    this.found = null;
    this.form = null;
    this.said = '';
    this.problem = '';
    this.deleted = null;
    this.asked = 0;
  }

  createRenderRoot() { return this; }

  connectedCallback() {
    super.connectedCallback();
    this.unsubscribe = subscribe((_, changed) => {
      if (changed.has('model') || changed.has('server')) this.look();
      if (changed.has('direction') || changed.has('run')) this.requestUpdate();
    });
    this.seen = () => { if (!document.hidden) this.look(); };
    document.addEventListener('visibilitychange', this.seen);
    addEventListener('focus', this.seen);
    this.look();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.unsubscribe();
    document.removeEventListener('visibilitychange', this.seen);
    removeEventListener('focus', this.seen);
  }

  get width() { return get().server?.models.find(model => model.id === get().model)?.width; }

  /** Looks what is there now: other pages may have changed it. */
  async look() {
    const asked = ++this.asked;
    const search = this.words;
    try {
      const [directions, views, notes] = await Promise.all([
        ask('library/directions', {search, width: this.fitting ? this.width : ''}),
        ask('library/views', {search}),
        ask('library/notes', {search})]);
      if (asked !== this.asked) return;
      this.found = {directions, views, notes};
      this.problem = '';
    } catch (e) {
      if (asked === this.asked) this.problem = e.message;
    }
  }

  /** Does something and looks again; says what went wrong. Gives whether it was done. */
  async does(work) {
    try {
      await work();
      this.problem = '';
      await this.look();
      return true;
    } catch (e) {
      await this.look();
      this.problem = e.message;
      return false;
    }
  }

  // ------------------------------------------------------------------ what can be done

  search(event) {
    this.words = event.target.value;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), SETTLED_MS);
  }

  use(item) {
    const {reading} = get();
    update({
      direction: {id: item.vector, recipe: item.recipe, name: item.name},
      reading: ['dot', 'cosine'].includes(reading) ? reading : 'dot',
    });
    this.said = `The plane shows ${item.name}.`;
  }

  async save(event, shelf, item) {
    event.preventDefault();
    const {asked, one} = SHELVES[shelf];
    const answers = asked(Object.fromEntries(new FormData(event.target)));
    const done = await this.does(() => item
      ? send('PUT', `library/${shelf}/${item.id}?revision=${item.revision}`,
        shelf === 'views' ? {...answers, state: item.state} : answers)
      : send('POST', `library/${shelf}`, {...answers, ...NEW[shelf]()}));
    if (done) {
      this.close();
      this.said = item ? `The ${one} was changed.` : `The ${one} was kept.`;
    } else if (item) {
      this.refresh(shelf, item.id);
    }
  }

  /** After a conflict the form is about what is there now, with what was typed. */
  refresh(shelf, id) {
    const item = this.found?.[shelf].items.find(other => other.id === id);
    if (item) this.form = {...this.form, item};
  }

  async remove(shelf, item) {
    const done = await this.does(() =>
      send('DELETE', `library/${shelf}/${item.id}?revision=${item.revision}`));
    if (!done) return;
    this.deleted = {shelf, item};
    this.said = '';
    await this.updateComplete;
    this.querySelector('.library-undo button').focus();
  }

  async undo() {
    const {shelf, item} = this.deleted;
    if (await this.does(() => send('POST', `library/${shelf}/${item.id}/restore`))) {
      this.deleted = null;
      this.said = `The ${SHELVES[shelf].one} is back.`;
      this.querySelector('input[type="search"]').focus();
    }
  }

  async bring(event) {
    const [file] = event.target.files;
    event.target.value = '';
    if (!file) return;
    await this.does(async () => {
      const {added, same, renamed} = await send('POST', 'library', file);
      this.said = [`${added} added, ${same} were there already.`,
        ...renamed.map(({from, to}) => `“${from}” came in as “${to}”.`)].join(' ');
    });
  }

  /** Opens the form of something that is kept, or of something new. */
  async open(shelf, item = null) {
    this.form = {shelf, item};
    await this.updateComplete;
    this.querySelector('.library-form input, .library-form textarea').focus();
  }

  async close() {
    const {shelf, item} = this.form;
    this.form = null;
    await this.updateComplete;
    this.querySelector('#' + opener(shelf, item))?.focus();
  }

  // ------------------------------------------------------------------ what is to be seen

  render() {
    return html`
      <div class="library">
        <search class="library-search">
          <label>Search <input type="search" .value=${this.words} @input=${this.search}></label>
          <label><input type="checkbox" .checked=${this.fitting}
            @change=${e => { this.fitting = e.target.checked; this.look(); }}>
            Only directions of ${this.width ?? 'this model’s'} numbers</label>
        </search>
        <p role="status" class="library-said">${this.said}</p>
        <p role="alert" class="problem" ?hidden=${!this.problem}>${this.problem}</p>
        ${this.deleted ? html`<p class="library-undo row" role="status">
          <span>Deleted <bdi>${title(this.deleted.item)}</bdi>.</span>
          <button @click=${this.undo}>Undo</button></p>` : nothing}
        ${this.shelf('directions', get().direction, 'Keep this direction',
          item => this.direction(item))}
        ${this.shelf('views', true, 'Pin this view', item => this.view(item))}
        ${this.shelf('notes', get().run, 'Write a note', item => this.note(item))}
        ${this.files()}
      </div>`;
  }

  shelf(shelf, available, keep, each) {
    const {title: words, empty} = SHELVES[shelf];
    const {items = [], total = 0} = this.found?.[shelf] ?? {};
    return html`
      <section aria-labelledby=${'library-' + shelf}>
        <div class="row library-head">
          <h2 id=${'library-' + shelf}>${words}
            ${this.found ? html`<span class="muted number">${total}</span>` : nothing}</h2>
          <button id=${opener(shelf)} ?disabled=${!available} @click=${() => this.open(shelf)}>${keep}</button>
        </div>
        ${this.isOpen(shelf, null) ? this.fields(shelf, null) : nothing}
        ${this.found && total === 0
          ? html`<p class="muted">${this.words ? 'Nothing here holds these words.' : empty}</p>` : nothing}
        <ul class="library-list">
          ${repeat(items, item => item.id, item => html`<li>
            ${this.isOpen(shelf, item) ? this.fields(shelf, this.form.item) : each(item)}</li>`)}
        </ul>
        ${items.length < total ? html`<p class="muted">Those changed last are listed; search for the others.</p>` : nothing}
      </section>`;
  }

  isOpen(shelf, item) { return this.form?.shelf === shelf && this.form.item?.id === item?.id; }

  direction(item) {
    return html`
      <h3><bdi>${item.name}</bdi></h3>
      ${item.description ? html`<p class="library-text">${item.description}</p>` : nothing}
      ${item.tags.length > 0 ? html`<ul class="library-tags" aria-label="Tags">
        ${item.tags.map(tag => html`<li><bdi>${tag}</bdi></li>`)}</ul>` : nothing}
      <p class="muted">${item.width} numbers${source(item)}</p>
      ${this.actions('directions', item, html`
        <button @click=${() => this.use(item)} ?disabled=${item.width !== this.width}
          aria-label=${`Use ${item.name}`}>Use</button>`)}`;
  }

  view(item) {
    return html`
      <h3><a href=${'#' + fragment(withModels(item.state))}><bdi>${item.name}</bdi></a></h3>
      ${item.note ? html`<p class="library-text">${item.note}</p>` : nothing}
      ${this.actions('views', item, nothing)}`;
  }

  note(item) {
    return html`
      <p class="library-text">${item.text}</p>
      <p class="muted">${this.about(item)}</p>
      ${this.actions('notes', item, nothing)}`;
  }

  /** What a note is about, as a link where its model is open. */
  about({model, prompt, place, position}) {
    const where = [model, place ? `${place} at position ${position}` : ''].filter(Boolean).join(', ');
    const words = html`<bdi>${where}</bdi>${prompt ? html` <q class="token">${short(prompt)}</q>` : nothing}`;
    const here = get().server?.models.find(other => other.name === model);
    if (!here || !prompt) return words;
    const row = get().run?.places.indexOf(place) ?? -1;
    const pinned = place && row >= 0 ? {pinned: {place: row, position}} : {};
    const link = {...withModels({}), model: here.id, prompt, panel: 'library', ...pinned};
    return html`<a href=${'#' + fragment(link)}>${words}</a>`;
  }

  actions(shelf, item, first) {
    return html`<div class="row library-actions">
      ${first}
      <button class="quiet" id=${opener(shelf, item)} aria-label=${`Edit ${title(item)}`}
        @click=${() => this.open(shelf, item)}>Edit</button>
      <button class="quiet" aria-label=${`Delete ${title(item)}`} @click=${() => this.remove(shelf, item)}>Delete</button>
    </div>`;
  }

  fields(shelf, item) {
    const {fields, shown, one} = SHELVES[shelf];
    const values = item ? shown(item) : {};
    return html`
      <form class="library-form panel" aria-label=${item ? `Edit the ${one}` : `A new ${one}`}
          @submit=${e => this.save(e, shelf, item)}
          @keydown=${e => { if (e.key === 'Escape') { e.stopPropagation(); this.close(); } }}>
        ${fields.map(field => html`<label>${field.label} ${field.lines
          ? html`<textarea name=${field.name} rows="3" maxlength=${field.most} ?required=${field.required}
              dir="auto" .defaultValue=${values[field.name] ?? ''}></textarea>`
          : html`<input name=${field.name} maxlength=${field.most} ?required=${field.required}
              dir="auto" autocomplete="off" .defaultValue=${values[field.name] ?? ''}>`}</label>`)}
        <div class="row">
          <button class="primary">Save</button>
          <button type="button" class="quiet" @click=${this.close}>Cancel</button>
        </div>
      </form>`;
  }

  files() {
    const ids = shelf => (this.found?.[shelf].items ?? []).map(item => item.id).join(',');
    const some = `?directions=${ids('directions')}&views=${ids('views')}&notes=${ids('notes')}`;
    return html`
      <section aria-labelledby="library-files">
        <h2 id="library-files">Files</h2>
        <div class="row">
          <a href="/api/library" download="weir-library.json">Export everything</a>
          ${this.words ? html`<a href=${'/api/library' + some} download="weir-library.json">Export what was found</a>` : nothing}
          <label>Import <input type="file" accept=".json,application/json" @change=${this.bring}></label>
        </div>
        <p class="muted">An export is JSON; what is here already is not imported again.</p>
      </section>`;
  }
}

/** The button that opens a form, and gets the focus back. */
function opener(shelf, item = null) { return `library-${shelf}-${item?.id ?? 'new'}`; }

function title(item) { return item.name ?? short(item.text); }

function short(text) { return text.length > 60 ? [...text].slice(0, 60).join('') + '…' : text; }

function source({model, recipe}) {
  return [recipe.kind, model].filter(Boolean).map(part => `, ${part}`).join('');
}

/** A state as a link needs it, whoever wrote it. */
function withModels(state) {
  return {v: 1, models: get().server?.models.map(model => model.name) ?? [], ...state};
}

customElements.define('weir-library', Library);
