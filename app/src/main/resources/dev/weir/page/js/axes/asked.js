import {LitElement, html} from 'lit';
import {ask} from '../api.js';

/**
 * A part of the panel that asks the server about a cell: `run` and `cell` are given, `question`
 * says what is asked, `found` holds the answer. An answer to an older question is dropped.
 */
export class Asked extends LitElement {
  static properties = {run: {attribute: false}, cell: {attribute: false}};

  createRenderRoot() { return this; }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.asking?.abort();
    this.asked = undefined;
  }

  updated() {
    const {path, parameters} = this.question;
    const whole = `runs/${this.run.run}/cells/${this.cell.place}/${this.cell.position}/${path}`;
    const asked = JSON.stringify([whole, parameters]);
    if (asked !== this.asked) {
      this.asked = asked;
      this.ask(whole, parameters);
    }
  }

  async ask(path, parameters) {
    this.asking?.abort();
    const asking = this.asking = new AbortController();
    this.problem = '';
    try {
      const found = await ask(path, parameters, asking.signal);
      if (asking.signal.aborted) return;
      this.found = found;
      this.arrived(found);
    } catch (e) {
      if (e.name === 'AbortError') return;
      this.found = null;
      this.problem = e.message;
    }
    this.requestUpdate();
  }

  /** Called with a new answer. */
  arrived() {}

  /** Tells the panel which cells of the plane were named. */
  name(axis, cells) {
    this.dispatchEvent(new CustomEvent('sources', {detail: {axis, cells}, bubbles: true}));
  }

  /** Pins a cell that this one came from. */
  walk(place, position) {
    this.dispatchEvent(new CustomEvent('walk', {detail: {place, position}, bubbles: true}));
  }

  render() {
    if (this.problem) return html`<p class="problem" role="alert">${this.problem}</p>`;
    return this.found ? this.view(this.found) : html`<p class="muted" role="status">…</p>`;
  }
}

/** Buttons of which one is pressed. */
export function choice(label, options, chosen, choose) {
  return html`<div class="axes-choice" role="group" aria-label=${label}>
    ${options.map(({id, title}) => html`<button type="button" aria-pressed=${id === chosen}
      @click=${() => choose(id)}>${title}</button>`)}</div>`;
}
