import {LitElement, html} from 'lit';

/** What was kept. */
class Library extends LitElement {
  createRenderRoot() { return this; }

  render() { return html``; }
}

customElements.define('weir-library', Library);
