import {LitElement, html, svg, nothing} from 'lit';
import {ask} from '../api.js';
import {get, subscribe} from '../store.js';
import {brief, percent} from '../plane/scale.js';

const TOP = 8;
const BAR = 40;
const WATCHED = ['run', 'before', 'pinned'];

/** What the model says next, before and after. */
class Answers extends LitElement {
  static properties = {answers: {state: true}, problem: {state: true}};

  createRenderRoot() { return this; }

  connectedCallback() {
    super.connectedCallback();
    this.unsubscribe = subscribe((_, changed) => {
      if (WATCHED.some(key => changed.has(key))) this.ask();
    });
    this.ask();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.unsubscribe();
    this.asking?.abort();
  }

  async ask() {
    const {run, before, pinned} = get();
    if (!run) return;
    this.asking?.abort();
    const asking = this.asking = new AbortController();
    const position = pinned && pinned.position < run.tokens.length ? pinned.position : -1;
    try {
      this.answers = await ask(`runs/${run.run}/answer`,
        {position, top: TOP, before: before?.run}, asking.signal);
      this.problem = '';
    } catch (e) {
      if (e.name !== 'AbortError') this.problem = e.message;
    }
  }

  render() {
    if (this.problem) return html`<p class="problem">${this.problem}</p>`;
    const {answers} = this;
    const {run} = get();
    if (!answers || !run?.tokens[answers.after.position]) return nothing;
    return html`
      <p>After <span class="token">${run.tokens[answers.after.position].text}</span>
        <span class="muted">position ${answers.after.position}</span></p>
      ${answers.tokens.length > 0 ? this.moves(answers.tokens) : this.apart(answers)}
      <p class="muted number" aria-live="polite">${this.sum(answers)}</p>
      ${get().before && answers.moved.length > 0 ? html`<details><summary>Moved farthest</summary>
        ${this.moves(answers.moved)}</details>` : nothing}`;
  }

  sum({before, after, divergence}) {
    if (!get().before) return `Entropy ${brief(after.entropy)} nats.`;
    const moved = divergence === null || divergence === undefined
      ? 'The tokens of the two models are not the same, so nothing is subtracted.'
      : `KL(before ‖ after) ${brief(divergence)} nats.`;
    return `${moved} Entropy ${brief(before.entropy)} → ${brief(after.entropy)} nats.`;
  }

  moves(moves) {
    const beside = Boolean(get().before);
    return html`<table class="change-answers">
      <thead><tr><th>token</th>${beside ? html`<th class="number">before</th>` : nothing}
        <th class="number">${beside ? 'after' : 'probability'}</th><th class="number">logit</th>
        <th><span class="visually-hidden">${beside ? 'change' : 'share'}</span></th></tr></thead>
      <tbody>${moves.map(move => this.row(move, beside))}</tbody></table>`;
  }

  row({text, before, after}, beside) {
    return html`<tr data-token=${text}>
      <td class="token" title=${text}>${text}</td>
      ${beside ? html`<td class="number">${percent(before.probability)}</td>` : nothing}
      <td class="number">${percent(after.probability)}</td>
      <td class="number" title=${beside ? `before ${brief(before.logit)}, rank ${before.rank} → ${after.rank}` : `rank ${after.rank}`}>
        ${brief(after.logit)}</td>
      <td>${bars(before, after, beside)}${beside ? arrow(before.rank, after.rank) : nothing}</td></tr>`;
  }

  /** Two models of different tokens. */
  apart({before, after}) {
    const column = (title, said) => html`<table><thead><tr><th>${title}</th><th class="number">probability</th></tr></thead>
      <tbody>${said.top.map(({text, score}) => html`<tr><td class="token">${text}</td>
        <td class="number">${percent(score.probability)}</td></tr>`)}</tbody></table>`;
    return html`<div class="row">${column('before', before)}${column('after', after)}</div>`;
  }
}

/** The probabilities as bars: before above, after below. */
function bars(before, after, beside) {
  return html`<svg class="change-bars" width=${BAR} height="12" aria-hidden="true">
    ${beside ? svg`<rect class="change-was" width=${BAR * before.probability} height="4" y="1"/>` : nothing}
    ${svg`<rect class="change-is" width=${BAR * after.probability} height="4" y="7"/>`}</svg>`;
}

/** How far a token moved in rank. */
function arrow(before, after) {
  if (before === after) return html`<span class="muted" title="same rank">·</span>`;
  const up = after < before;
  return html`<span class=${up ? 'change-up' : 'change-down'} title=${`rank ${before} → ${after}`}>
    ${up ? '↑' : '↓'}${Math.abs(before - after)}</span>`;
}

customElements.define('weir-answers', Answers);
