/** Where cells lie on the screen: sizes, headers, what is seen. Knows which way the axes run. */

/** Sizes of a cell that one can zoom to, pixels. */
const WIDEST = 160;
const TALLEST = 44;
/** Sizes that a fitted cell does not exceed: a short prompt does not fill the screen with colour. */
const FITTED = {width: 96, height: TALLEST};

/** From this width on column headers stand upright; below they are turned; below that, sparse. */
const UPRIGHT = 58;
const TURNED = 11;

const clamp = (x, low, high) => Math.min(high, Math.max(low, x));

export class Grid {
  /**
   * @param depth how many places
   * @param length how many positions
   * @param transposed whether positions run down
   * @param box the space there is {width, height}
   * @param zoom {width, height} of a cell; null for fitted
   */
  constructor(depth, length, transposed, box, zoom) {
    Object.assign(this, {depth, length, transposed, box});
    [this.columns, this.rows] = transposed ? [depth, length] : [length, depth];
    this.left = transposed ? 116 : 88;
    const fitted = this.fitted();
    this.width = clamp(zoom?.width ?? fitted.width, Math.min(1, fitted.width), WIDEST);
    this.height = clamp(zoom?.height ?? fitted.height, Math.min(1, fitted.height), TALLEST);
    this.top = this.headerHeight(this.width);
  }

  fitted() {
    const width = Math.min(FITTED.width, (this.box.width - this.left - 2) / this.columns);
    const high = this.box.height - this.headerHeight(width) - 2;
    return {width, height: Math.min(FITTED.height, Math.max(high / this.rows, .25))};
  }

  headerHeight(width) {
    if (width >= UPRIGHT || width < TURNED) return 26;
    return this.transposed ? 70 : 96;
  }

  /** How column headers are written: 'upright', 'turned' or 'sparse'. */
  get heading() {
    return this.width >= UPRIGHT ? 'upright' : this.width >= TURNED ? 'turned' : 'sparse';
  }

  /** Whether words fit in the cells. */
  get legible() { return this.width >= 34 && this.height >= 13; }

  /** The whole picture, headers included. */
  get extent() {
    return {width: this.left + this.columns * this.width, height: this.top + this.rows * this.height};
  }

  column(place, position) { return this.transposed ? place : position; }

  row(place, position) { return this.transposed ? position : place; }

  cellOf(row, column) {
    return this.transposed ? {place: column, position: row} : {place: row, position: column};
  }

  /** The cell at a point of the box when it is scrolled; null outside of the cells. */
  at(x, y, scroll) {
    const column = Math.floor((x - this.left + scroll.left) / this.width);
    const row = Math.floor((y - this.top + scroll.top) / this.height);
    const inside = x >= this.left && y >= this.top
      && column >= 0 && column < this.columns && row >= 0 && row < this.rows;
    return inside ? this.cellOf(row, column) : null;
  }

  /** Where a cell lies in the box when it is scrolled. */
  rectangle({place, position}, scroll) {
    return {
      x: this.left + this.column(place, position) * this.width - scroll.left,
      y: this.top + this.row(place, position) * this.height - scroll.top,
      width: this.width,
      height: this.height,
    };
  }

  /** The rows and columns that are at least partly seen: {rows: [a, b], columns: [a, b]}. */
  seen(scroll) {
    const range = (start, size, space, count) => [
      clamp(Math.floor(start / size), 0, count - 1),
      clamp(Math.ceil((start + space) / size), 1, count)];
    return {
      rows: range(scroll.top, this.height, this.box.height - this.top, this.rows),
      columns: range(scroll.left, this.width, this.box.width - this.left, this.columns),
    };
  }

  /** The same as {places: [a, b], positions: [a, b]}. */
  window(scroll) {
    const {rows, columns} = this.seen(scroll);
    return this.transposed ? {places: columns, positions: rows} : {places: rows, positions: columns};
  }

  /** How to scroll so that a cell is seen whole. */
  reveal(cell, scroll) {
    const {x, y, width, height} = this.rectangle(cell, scroll);
    const shift = (from, size, low, high) =>
      from < low ? from - low : from + size > high ? from + size - high : 0;
    return {
      left: scroll.left + shift(x, width, this.left, this.box.width),
      top: scroll.top + shift(y, height, this.top, this.box.height),
    };
  }
}
