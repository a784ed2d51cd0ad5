import {Tiles} from './tiles.js';

/**
 * The planes of the parts of mixtures of directions, asked for once. Where the stream lies along a
 * sum is the sum of where it lies along the parts, so a slider needs no server.
 */
export class Parts {
  /**
   * @param run as the server describes it
   * @param arrived called when more is known
   * @param failed called with an Error
   */
  constructor(run, arrived, failed) {
    Object.assign(this, {run, arrived, failed});
    this.all = new Map();
  }

  /**
   * A plane of a mixture.
   * @param mixing {parts: [{id, coefficient, offset}], factor, length}: `factor` times the sum of
   *   the parts, whose numbers then have this Euclidean length
   * @param reading 'dot' or 'cosine'
   */
  mixed(mixing, reading) {
    const parts = mixing.parts.map(part => ({...part, tiles: this.of({reading: 'dot', direction: part.id})}));
    const norms = reading === 'cosine' ? this.of({reading: 'norm'}) : null;
    return new Mixed(parts, mixing, norms);
  }

  of(question) {
    const key = question.direction ?? '';
    if (!this.all.has(key)) {
      this.all.set(key, new Tiles(this.run, question, () => this.arrived(), this.failed));
    }
    return this.all.get(key);
  }

  stop() { for (const tiles of this.all.values()) tiles.stop(); }
}

/** One mixture; looks to the plane like [Tiles]. */
class Mixed {
  constructor(parts, mixing, norms) {
    Object.assign(this, {parts, mixing, norms});
    this.sources = [...parts.map(part => part.tiles), ...(norms ? [norms] : [])];
    this.length = this.sources[0].length;
    this.refresh();
  }

  /** Takes in what has come since. */
  refresh() {
    const {factor, length} = this.mixing;
    const values = this.values = new Float64Array(this.sources[0].values.length);
    for (const {tiles, coefficient, offset} of this.parts) {
      // A cosine is of the numbers alone, whatever their offset.
      const lift = this.norms ? offset : 0;
      for (let i = 0; i < values.length; i++) {
        values[i] += factor * coefficient * (tiles.values[i] + lift);
      }
    }
    if (this.norms) {
      for (let i = 0; i < values.length; i++) values[i] /= this.norms.values[i] * length;
    }
  }

  value(place, position) { return this.values[place * this.length + position]; }

  text() { return undefined; }

  get known() { return this.sources[0].known; }

  covers(window) { return this.sources.every(tiles => tiles.covers(window)); }

  want(window, rest) { for (const tiles of this.sources) tiles.want(window, rest); }

  stop() { for (const tiles of this.sources) tiles.stop(); }
}
