import {LitElement, html} from 'lit';
import {ask, send, takeToken} from './api.js';
import {get, update, subscribe} from './store.js';
import './plane.js';
import './axes.js';
import './directions.js';
import './change.js';
import './library.js';
import './link.js';
import './export.js';

/** What stands at the side: its tab, and the element behind it. */
const PANELS = [
  {id: 'cell', title: 'Cell', view: () => html`<weir-axes></weir-axes>`},
  {id: 'directions', title: 'Directions', view: () => html`<weir-directions></weir-directions>`},
  {id: 'change', title: 'Change', view: () => html`<weir-change></weir-change>`},
  {id: 'library', title: 'Library', view: () => html`<weir-library></weir-library>`},
];

/** The page. */
class App extends LitElement {
  createRenderRoot() { return this; }

  connectedCallback() {
    if (!this.hasUpdated) this.replaceChildren(); // What was shown while the scripts came.
    super.connectedCallback();
    subscribe((_, changed) => {
      this.requestUpdate();
      if (changed.has('model') || changed.has('prompt') || changed.has('changes')) this.runPrompt();
    });
    this.begin();
  }

  async begin() {
    try {
      update({server: await ask('server')});
      await this.querySelector('weir-link').begin();
      if (!this.running) await this.runPrompt();
    } catch (e) {
      update({problem: e.message});
    }
  }

  /** Runs the prompt; an answer that comes after a newer question is dropped. */
  async runPrompt() {
    const {model, prompt, changes} = get();
    this.running?.abort();
    const running = this.running = new AbortController();
    update({busy: 'running', problem: ''});
    try {
      const run = await send('POST', 'runs', {model, text: prompt, changes}, running.signal);
      update({run, busy: ''});
    } catch (e) {
      if (e.name !== 'AbortError') update({busy: '', problem: e.message});
    }
  }

  render() {
    const {server, model, problem, busy} = get();
    return html`
      <header class="top">
        <h1>Weir</h1>
        <label>Model
          <select @change=${e => update({model: e.target.value, pinned: null})}>
            ${server?.models.map(m => html`<option value=${m.id} ?selected=${m.id === model}>${m.name}</option>`)}
          </select>
        </label>
        <span class="spring"></span>
        <weir-link></weir-link>
        <weir-export></weir-export>
        <button class="quiet" @click=${this.otherTheme}>Light or dark</button>
      </header>
      <form class="prompt" aria-label="Prompt" @submit=${this.submit}>
        <label class="visually-hidden" for="prompt">Prompt</label>
        <textarea id="prompt" spellcheck="false" @keydown=${this.submitOnEnter} .value=${get().prompt}></textarea>
        <button class="primary">Run</button>
      </form>
      <main class="work">
        <section class="stage" aria-label="The plane">
          <p role="status" class=${problem ? 'problem' : 'muted'}>${problem || busy}</p>
          <weir-plane .run=${get().run}></weir-plane>
          <weir-beside></weir-beside>
        </section>
        <aside class="side" aria-label="Panels">${this.panels()}</aside>
      </main>`;
  }

  panels() {
    const open = PANELS.find(panel => panel.id === get().panel) ?? PANELS[0];
    return html`
      <div class="tabs" role="tablist" aria-label="Panels" @keydown=${this.walkTabs}>
        ${PANELS.map(panel => html`<button role="tab" id=${'tab-' + panel.id} aria-controls="panel"
          aria-selected=${panel === open} tabindex=${panel === open ? 0 : -1}
          @click=${() => update({panel: panel.id})}>${panel.title}</button>`)}
      </div>
      <div id="panel" role="tabpanel" aria-labelledby=${'tab-' + open.id}>${open.view()}</div>`;
  }

  walkTabs(event) {
    const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    if (!step) return;
    const now = PANELS.findIndex(panel => panel.id === get().panel);
    const next = PANELS[(now + step + PANELS.length) % PANELS.length];
    update({panel: next.id});
    this.updateComplete.then(() => this.querySelector(`#tab-${next.id}`).focus());
  }

  submit(event) {
    event.preventDefault();
    const box = this.querySelector('#prompt');
    box.scrollTop = 0;
    update({prompt: box.value, pinned: null});
  }

  submitOnEnter(event) {
    if (event.key === 'Enter' && !event.shiftKey) this.submit(event);
  }

  otherTheme() {
    const dark = document.documentElement.dataset.theme === 'dark';
    const theme = dark ? 'light' : 'dark';
    document.documentElement.dataset.theme = theme;
    localStorage.setItem('weir-theme', theme);
  }
}

takeToken();
customElements.define('weir-app', App);
