import {svg, html} from 'lit';

/** A bar to the left or right of zero, as long as `value` for `most`. */
export function bar(value, most) {
  const size = Number.isFinite(value) && most > 0 ? 50 * Math.min(1, Math.abs(value) / most) : 0;
  const side = value < 0 ? 'negative' : 'positive';
  return html`<svg class="axes-bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
    ${svg`<rect class=${side} x=${value < 0 ? 50 - size : 50} y="1" width=${size} height="8"></rect>
      <line x1="50" x2="50" y1="0" y2="10"></line>`}</svg>`;
}
