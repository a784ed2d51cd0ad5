import {LitElement, html} from 'lit';

/** What is on screen, as a file. */
class Export extends LitElement {
  createRenderRoot() { return this; }

  render() { return html``; }
}

customElements.define('weir-export', Export);
