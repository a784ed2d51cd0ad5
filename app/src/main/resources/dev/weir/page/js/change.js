import {LitElement, html} from 'lit';

/** Changes of the run. */
class Change extends LitElement {
  createRenderRoot() { return this; }

  render() { return html``; }
}

customElements.define('weir-change', Change);
