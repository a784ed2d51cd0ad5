import {LitElement, html, nothing} from 'lit';
import {get, subscribe} from '../store.js';
import {begin, ended} from '../work.js';

const DURING = [['all', 'everywhere'], ['prompt', 'in the prompt only'], ['last', 'at the newest token only']];
const ENDS = {length: 'as many tokens as were asked for', stop_token: 'the model ended the text', context_full: 'the context is full'};

/** What the model goes on to write, before and after. */
class Texts extends LitElement {
  static properties = {status: {state: true}, problem: {state: true}};

  createRenderRoot() { return this; }

  connectedCallback() {
    super.connectedCallback();
    this.unsubscribe = subscribe((_, changed) => {
      if (changed.has('run') || changed.has('before')) this.changed();
    });
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.unsubscribe();
    this.stop();
  }

  /** Texts that were shown follow the changes. */
  changed() {
    if (!this.wanted) return;
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.start(), 250);
  }

  get going() { return this.status && !ended(this.status); }

  async start() {
    const {run, before} = get();
    this.stop();
    this.wanted = true;
    const mine = this.job = {};
    const value = name => this.querySelector(`[name="${name}"]`).value;
    const body = {
      kind: 'generate', runs: before ? [before.run, run.run] : [run.run], tokens: Number(value('tokens')),
      temperature: Number(value('temperature')), seed: Number(value('seed')), during: value('during'),
    };
    try {
      mine.work = await begin(body, status => this.told(mine, status));
      if (mine !== this.job) mine.work.stop();
    } catch (e) {
      this.problem = e.message;
    }
  }

  told(job, status) {
    if (job !== this.job) return;
    this.status = status;
    this.problem = status.error ?? '';
  }

  /** What was written so far stays. */
  stop() {
    const {job} = this;
    this.job = null;
    job?.work?.stop();
    if (this.going) this.status = {...this.status, state: 'CANCELLED'};
  }

  halt() {
    this.wanted = false;
    this.stop();
  }

  render() {
    return html`
      <div class="row change-manner">
        <label>Tokens <input name="tokens" type="number" min="1" max="2000" value="30"></label>
        <label>Temperature <input name="temperature" type="number" min="0" max="5" step="0.1" value="0"></label>
        <label>Seed <input name="seed" type="number" value="0"></label>
        <label>Changes act <select name="during">${DURING.map(([id, title]) => html`<option value=${id}>${title}</option>`)}</select></label>
        <button type="button" class="primary" ?disabled=${!get().run} @click=${() => this.start()}>Let it write</button>
        <button type="button" ?disabled=${!this.going} @click=${() => this.halt()}>Stop</button>
      </div>
      ${this.problem ? html`<p class="problem">${this.problem}</p>` : nothing}
      <div class="change-texts" aria-live="polite" aria-busy=${Boolean(this.going)}>${this.texts()}</div>`;
  }

  texts() {
    const found = this.status?.found ?? [];
    if (found.length < 2) return found.map(text => this.text('Written', text, new Set()));
    const [before, after] = found;
    const [left, right] = unlike(before.tokens, after.tokens);
    return [this.text('Before', before, left), this.text('After', after, right)];
  }

  text(title, {tokens, end}, marked) {
    return html`<section><h3>${title}</h3>
      <p class="change-text">${tokens.map((token, i) => marked.has(i)
        ? html`<mark class="token">${token.text}</mark>` : html`<span class="token">${token.text}</span>`)}</p>
      ${ENDS[end] ? html`<p class="muted">Ended: ${ENDS[end]}.</p>` : nothing}</section>`;
  }
}

/** The indices of the tokens that a longest common part leaves out, of each. */
export function unlike(a, b) {
  const same = (i, j) => a[i].id === b[j].id;
  const longest = Array.from({length: a.length + 1}, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i][j] = same(i, j) ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
    }
  }
  const marked = [new Set(a.keys()), new Set(b.keys())];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (same(i, j)) {
      marked[0].delete(i++);
      marked[1].delete(j++);
    } else if (longest[i + 1][j] >= longest[i][j + 1]) i++;
    else j++;
  }
  return marked;
}

customElements.define('weir-texts', Texts);
