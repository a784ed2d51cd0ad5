import {LitElement, html} from 'lit';
import './directions/sources.js';
import './directions/components.js';
import './directions/mixer.js';
import './directions/portrait.js';
import './directions/corpus.js';

/** Directions of the stream: made, mixed, described, and looked up in the corpus. */
class Directions extends LitElement {
  createRenderRoot() { return this; }

  render() {
    return html`
      <h2>Make a direction</h2>
      <weir-sources></weir-sources>
      <h2>In use</h2>
      <weir-mixer></weir-mixer>
      <weir-portrait></weir-portrait>
      <weir-corpus></weir-corpus>`;
  }
}

customElements.define('weir-directions', Directions);
