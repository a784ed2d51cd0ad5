import {LitElement, html} from 'lit';

/** Directions of the stream. */
class Directions extends LitElement {
  createRenderRoot() { return this; }

  render() { return html``; }
}

customElements.define('weir-directions', Directions);
