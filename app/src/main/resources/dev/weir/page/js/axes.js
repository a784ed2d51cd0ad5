import {LitElement, html} from 'lit';

/** Where the pinned cell came from, along both axes. */
class Axes extends LitElement {
  createRenderRoot() { return this; }

  render() { return html``; }
}

customElements.define('weir-axes', Axes);
