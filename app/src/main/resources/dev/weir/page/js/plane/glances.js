import {ask} from '../api.js';

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
    this.blocks = new Map();
    this.queue = [];
    this.asked = new Map();
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
    for (const [key, request] of this.asked) if (!wanted.includes(key)) request.abort();
    this.queue = wanted.filter(key => !this.blocks.has(key) && !this.asked.has(key));
    this.next();
  }

  exists({row, column}) {
    return row >= 0 && column >= 0
      && row * PLACES < this.run.places.length && column * POSITIONS < this.run.tokens.length;
  }

  stop() {
    this.queue = [];
    for (const request of this.asked.values()) request.abort();
  }

  next() {
    while (this.asked.size < AT_A_TIME && this.queue.length > 0) this.fetch(this.queue.shift());
  }

  async fetch(key) {
    const request = new AbortController();
    this.asked.set(key, request);
    const [row, column] = key.split(',').map(Number);
    const window = (start, size, all) => `${start * size}:${Math.min((start + 1) * size, all)}`;
    try {
      const {cells} = await ask(`runs/${this.run.run}/cells`, {
        places: window(row, PLACES, this.run.places.length),
        positions: window(column, POSITIONS, this.run.tokens.length),
      }, request.signal);
      for (const cell of cells) this.cells.set(`${cell.place},${cell.position}`, cell);
      this.blocks.set(key, true);
      this.arrived();
    } catch (e) {
      // The number is shown all the same; the next look asks again.
      if (e.name !== 'AbortError') this.queue = [];
    } finally {
      this.asked.delete(key);
      this.next();
    }
  }
}
