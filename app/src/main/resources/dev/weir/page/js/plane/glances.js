import {ask} from '../api.js';
import {Requests} from './requests.js';

/** How much is asked for at a time around the cell that is looked at. */
const PLACES = 4;
const POSITIONS = 16;
const AT_A_TIME = 2;

/**
 * What a glance at a cell of a run shows beside its number: what the lens says and who wrote. The
 * cells around the one that is looked at are asked for ahead.
 */
export class Glances {
  /** @param arrived called when something is known that was not */
  constructor(run, arrived) {
    Object.assign(this, {run, arrived});
    this.cells = new Map();
    this.blocks = new Set();
    // What is not known is shown without; the next look asks again.
    this.requests = new Requests(AT_A_TIME, (key, signal) => this.fetch(key, signal), () => {});
  }

  /** What is known of a cell; undefined where it was not asked for or has not come yet. */
  of({place, position}) { return this.cells.get(`${place},${position}`); }

  /** Asks for a cell and then for those around it; what is far away by now is given up. */
  want({place, position}) {
    const [row, column] = [Math.floor(place / PLACES), Math.floor(position / POSITIONS)];
    const wanted = [];
    for (const [down, across] of
      [[0, 0], [0, 1], [0, -1], [1, 0], [-1, 0], [1, 1], [-1, -1], [1, -1], [-1, 1]]) {
      const block = {row: row + down, column: column + across};
      if (this.exists(block)) wanted.push(`${block.row},${block.column}`);
    }
    this.requests.want(wanted.filter(key => !this.blocks.has(key)));
  }

  exists({row, column}) {
    return row >= 0 && column >= 0
      && row * PLACES < this.run.places.length && column * POSITIONS < this.run.tokens.length;
  }

  stop() { this.requests.stop(); }

  async fetch(key, signal) {
    const [row, column] = key.split(',').map(Number);
    const window = (start, size, all) => `${start * size}:${Math.min((start + 1) * size, all)}`;
    const {cells} = await ask(`runs/${this.run.run}/cells`, {
      places: window(row, PLACES, this.run.places.length),
      positions: window(column, POSITIONS, this.run.tokens.length),
    }, signal);
    for (const cell of cells) this.cells.set(`${cell.place},${cell.position}`, cell);
    this.blocks.add(key);
    this.arrived();
  }
}
