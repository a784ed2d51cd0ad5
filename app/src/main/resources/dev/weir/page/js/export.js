import {LitElement, html, nothing} from 'lit';
import {file} from './api.js';
import {address} from './link.js';
import {get, subscribe} from './store.js';

const FORMATS = [
  {id: 'png', title: 'PNG', what: 'a picture'},
  {id: 'svg', title: 'SVG', what: 'a drawing, sharp at any size'},
  {id: 'csv', title: 'CSV', what: 'the numbers, all digits'},
  {id: 'html', title: 'HTML', what: 'a page that works from disk'},
];

/** Longer addresses are refused, by servers and by programs that open links. */
const LONGEST_LINK = 6000;

const span = ([from, to]) => `${from}:${to}`;

/** What is on screen, as the server takes it. */
function screen() {
  const {server, reading, token, direction, shown, transposed, run} = get();
  const asks = server.readings.find(known => known.id === reading)?.asks;
  const plane = document.querySelector('weir-plane');
  const {places, positions} = plane?.grid?.window(plane.scroll)
    ?? {places: [0, run.places.length], positions: [0, run.tokens.length]};
  const link = address();
  const notes = asks === 'DIRECTION' && direction ? [`Direction: ${direction.name ?? direction.id}.`] : [];
  notes.push(link.length > LONGEST_LINK ? 'The link is too long to be written here.' : `Link: ${link}`);
  return {
    reading,
    token: asks === 'TOKEN' ? token : undefined,
    direction: asks === 'DIRECTION' ? direction?.id : undefined,
    places: span(places), positions: span(positions),
    low: shown?.low, high: shown?.high,
    layout: transposed ? 'tokens-down' : 'places-down',
    theme: document.documentElement.dataset.theme,
    note: notes,
  };
}

function keep({name, content}) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** What is on screen, as a file: a button with a menu of formats. */
class Export extends LitElement {
  static properties = {said: {state: true}, problem: {state: true}};

  constructor() {
    super();
    Object.assign(this, {said: '', problem: ''});
  }

  createRenderRoot() { return this; }

  connectedCallback() {
    super.connectedCallback();
    this.unsubscribe = subscribe((_, changed) => { if (changed.has('run')) this.requestUpdate(); });
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.unsubscribe();
  }

  render() {
    return html`
      <button class="quiet" popovertarget="export-menu" ?disabled=${!get().run}>Export</button>
      <div id="export-menu" class="export-menu" popover role="menu" aria-label="Export what is on screen as"
          @beforetoggle=${this.place} @keydown=${this.walk}>
        ${FORMATS.map((format, i) => html`<button class="quiet" role="menuitem" tabindex="-1" ?autofocus=${i === 0}
          @click=${() => this.export(format)}><b>${format.title}</b><span class="muted">${format.what}</span></button>`)}
      </div>
      <span role="status" class=${this.problem ? 'problem' : 'muted'}>${this.problem || this.said || nothing}</span>`;
  }

  get menu() { return this.querySelector('.export-menu'); }

  get items() { return [...this.menu.querySelectorAll('[role=menuitem]')]; }

  /** A popover stands above everything, and knows nothing of its button. */
  place() {
    const {right, bottom} = this.querySelector('button').getBoundingClientRect();
    this.menu.style.top = `${bottom + 4}px`;
    this.menu.style.right = `${Math.max(8, document.documentElement.clientWidth - right)}px`;
  }

  walk(event) {
    const {items} = this;
    const now = items.indexOf(document.activeElement);
    const to = {ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: items.length - 1}[event.key];
    if (to === undefined) return;
    event.preventDefault();
    items.at(to % items.length).focus();
  }

  async export({id, title}) {
    this.menu.hidePopover();
    this.querySelector('button').focus();
    this.problem = '';
    this.said = `Making the ${title}…`;
    try {
      const made = await file(`runs/${get().run.run}/export/${id}`, screen());
      keep(made);
      this.said = `Saved ${made.name}`;
    } catch (e) {
      this.problem = e.message;
    }
  }
}

customElements.define('weir-export', Export);
