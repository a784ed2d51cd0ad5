import {ask} from '../api.js';
import {Requests} from './requests.js';

/** Requests on their way at a time; the browser keeps six connections, others need some. */
const AT_A_TIME = 3;
const CELLS = {places: 32, positions: 128};
const LENS = new Set(['top', 'entropy', 'kl', 'probability', 'rank', 'logit']);

const powerBelow = x => 2 ** Math.floor(Math.log2(x));
const clamp = (x, low, high) => Math.min(high, Math.max(low, x));

/** How much is asked for at a time: of the lens, what the server computes in one step. */
function tileSize(run, reading) {
  if (!LENS.has(reading)) return CELLS;
  const positions = clamp(powerBelow(run.lensCells / 8), 8, 64);
  return {positions, places: clamp(powerBelow(run.lensCells / positions), 2, 32)};
}

/**
 * One reading of one run: the numbers of its cells, as far as they were asked for. Asks for what is
 * on screen, the middle first, and gives up what has left the screen.
 */
export class Tiles {
  /**
   * @param run as the server describes it; or two runs beside each other, with the `path` and `query`
   *   that ask for them and the name of the `numbers` in the answer
   * @param question {reading, direction, token}, as the server takes it
   * @param arrived called with a window {places: [a, b], positions: [a, b]} that is now known
   * @param failed called with an Error
   */
  constructor(run, question, arrived, failed) {
    Object.assign(this, {run, question, arrived});
    this.requests = new Requests(AT_A_TIME, (tile, signal) => this.fetch(tile, signal), failed);
    this.depth = run.places.length;
    this.length = run.tokens.length;
    this.size = tileSize(run, question.reading);
    this.across = Math.ceil(this.length / this.size.positions);
    this.down = Math.ceil(this.depth / this.size.places);
    this.values = new Float64Array(this.depth * this.length).fill(NaN);
    this.texts = null;
    this.known = new Uint8Array(this.across * this.down);
  }

  value(place, position) { return this.values[place * this.length + position]; }

  text(place, position) { return this.texts?.[place * this.length + position]; }

  knows(place, position) {
    return this.known[this.tileOf(place, position)] === 1;
  }

  complete() { return this.known.every(known => known === 1); }

  /** Whether all of a window is known. */
  covers(window) { return this.tilesOf(window).every(tile => this.known[tile] === 1); }

  tileOf(place, position) {
    return Math.floor(place / this.size.places) * this.across
      + Math.floor(position / this.size.positions);
  }

  tilesOf({places, positions}) {
    const tiles = [];
    for (let row = Math.floor(places[0] / this.size.places); row * this.size.places < places[1]; row++) {
      for (let column = Math.floor(positions[0] / this.size.positions);
        column * this.size.positions < positions[1]; column++) {
        tiles.push(row * this.across + column);
      }
    }
    return tiles;
  }

  windowOf(tile) {
    const place = Math.floor(tile / this.across) * this.size.places;
    const position = tile % this.across * this.size.positions;
    return {
      places: [place, Math.min(place + this.size.places, this.depth)],
      positions: [position, Math.min(position + this.size.positions, this.length)],
    };
  }

  /**
   * Asks for a window with a margin of one tile and, when nothing else is to do, for all the rest.
   * What is on its way and no longer wanted is given up.
   */
  want(window, rest) {
    const margin = {
      places: [Math.max(0, window.places[0] - this.size.places / 2),
        Math.min(this.depth, window.places[1] + this.size.places / 2)],
      positions: [Math.max(0, window.positions[0] - this.size.positions / 2),
        Math.min(this.length, window.positions[1] + this.size.positions / 2)],
    };
    const wanted = [...this.fromTheMiddle(window), ...this.tilesOf(margin)];
    if (rest) wanted.push(...this.known.keys());
    this.requests.want(wanted.filter(tile => this.known[tile] === 0));
  }

  fromTheMiddle(window) {
    const middle = ([from, to], size) => (from + to) / 2 / size - .5;
    const place = middle(window.places, this.size.places);
    const position = middle(window.positions, this.size.positions);
    const distance = tile => Math.hypot(
      Math.floor(tile / this.across) - place, tile % this.across - position);
    return this.tilesOf(window).sort((a, b) => distance(a) - distance(b));
  }

  /** Gives up everything that is on its way. */
  stop() { this.requests.stop(); }

  async fetch(tile, signal) {
    const window = this.windowOf(tile);
    const part = await ask(this.run.path ?? `runs/${this.run.run}/plane`, {
      ...this.run.query,
      ...this.question,
      places: window.places.join(':'),
      positions: window.positions.join(':'),
    }, signal);
    this.take(tile, window, part[this.run.numbers] ?? part.values, part.texts ?? []);
  }

  take(tile, window, values, texts) {
    const [from] = window.positions;
    if (texts.length > 0) this.texts ??= new Array(this.values.length);
    values.forEach((row, i) => {
      const start = (window.places[0] + i) * this.length + from;
      row.forEach((value, j) => { this.values[start + j] = value ?? NaN; });
      texts[i]?.forEach((text, j) => { this.texts[start + j] = text; });
    });
    this.known[tile] = 1;
    this.arrived(window);
  }
}
