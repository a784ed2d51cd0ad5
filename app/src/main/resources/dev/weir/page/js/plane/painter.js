import {within} from './scale.js';

const FONT = '12px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace';
/** Cells thinner than this hold no ring, pixels. */
const THIN = 7;
/** Steps between sparse headers: round numbers of tokens, and whole blocks where two places are one. */
const TENS = [1, 2, 5];
const PAIRS = [1, 2, 4];
const SANS = '-apple-system, "Segoe UI", "Noto Sans", "Helvetica Neue", Helvetica, Arial, sans-serif';
const SMALL = `11px ${SANS}`;
/** Of words in cells, which have little room. */
const WORDS = `12px ${SANS}`;

/** The colours of the page that the canvas needs; found again when the theme changes. */
function roles() {
  const style = getComputedStyle(document.documentElement);
  const role = name => style.getPropertyValue(name).trim();
  return {
    page: role('--page'), text: role('--text'), muted: role('--muted'), line: role('--line'),
    empty: role('--empty'), focus: role('--focus'),
  };
}

/**
 * Draws the plane: cells from a picture that has one pixel for each of them, stretched; words,
 * headers and marks only for what is seen.
 */
export class Painter {
  constructor(canvas) {
    this.canvas = canvas;
    this.picture = document.createElement('canvas');
    this.shortened = new Map();
    this.theme = null;
  }

  /** Colours every cell anew: another run, reading, scale or way round. */
  colour(tiles, grid, scale) {
    this.readTheme();
    Object.assign(this.picture, {width: grid.columns, height: grid.rows});
    this.image = new ImageData(grid.columns, grid.rows);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.fill(tiles, grid, scale, {places: [0, grid.depth], positions: [0, grid.length]});
  }

  /** Colours a window of the cells: a part has arrived. */
  fill(tiles, grid, scale, {places, positions}) {
    for (let place = places[0]; place < places[1]; place++) {
      for (let position = positions[0]; position < positions[1]; position++) {
        const value = tiles.value(place, position);
        const at = grid.row(place, position) * grid.columns + grid.column(place, position);
        this.pixels[at] = Number.isNaN(value) ? 0 : scale.pixels[scale.level(value)];
      }
    }
    const [[top, bottom], [left, right]] = grid.transposed ? [positions, places] : [places, positions];
    this.picture.getContext('2d').putImageData(this.image, 0, 0, left, top, right - left, bottom - top);
  }

  readTheme() {
    const theme = document.documentElement.dataset.theme;
    if (theme !== this.theme) {
      this.theme = theme;
      this.roles = roles();
    }
  }

  /** Gives the canvas as many pixels as the screen has for the box. */
  resize({width, height}) {
    const ratio = devicePixelRatio || 1;
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width !== wide || this.canvas.height !== high) {
      Object.assign(this.canvas, {width: wide, height: high});
      this.canvas.style.width = `${width}px`;
      this.canvas.style.height = `${height}px`;
    }
    this.ratio = ratio;
  }

  /**
   * Draws what is seen.
   * @param view {tiles, grid, scale, scroll, pinned, highlights}
   */
  paint(view) {
    this.readTheme();
    const context = this.context = this.canvas.getContext('2d', {alpha: false});
    const {grid, scroll} = view;
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.fillStyle = this.roles.page;
    context.fillRect(0, 0, grid.box.width, grid.box.height);
    const seen = grid.seen(scroll);
    context.save();
    context.beginPath();
    context.rect(grid.left, grid.top, grid.box.width - grid.left, grid.box.height - grid.top);
    context.clip();
    this.cells(grid, scroll, seen);
    if (grid.legible) this.words(view, seen);
    this.marks(view);
    context.restore();
    this.columnHeaders(view, seen.columns);
    this.rowHeaders(view, seen.rows);
  }

  cells(grid, scroll, {rows, columns}) {
    const {context} = this;
    const [x, y] = [grid.left + columns[0] * grid.width - scroll.left,
      grid.top + rows[0] * grid.height - scroll.top];
    const [across, down] = [columns[1] - columns[0], rows[1] - rows[0]];
    context.fillStyle = this.roles.empty;
    context.fillRect(x, y, across * grid.width, down * grid.height);
    context.imageSmoothingEnabled = false;
    const seen = this.shrunk(grid, columns[0], rows[0], across, down);
    context.drawImage(seen, 0, 0, seen.width, seen.height, x, y, across * grid.width, down * grid.height);
    context.fillStyle = this.roles.page;
    if (grid.width >= 8) {
      for (let i = 1; i < across; i++) context.fillRect(Math.round(x + i * grid.width) - 1, y, 1, down * grid.height);
    }
    if (grid.height >= 8) {
      for (let i = 1; i < down; i++) context.fillRect(x, Math.round(y + i * grid.height) - 1, across * grid.width, 1);
    }
  }

  /**
   * A part of the picture, smaller along an axis on which cells are less than a pixel: there
   * neighbours are mixed, and along the other one they are not.
   */
  shrunk(grid, column, row, across, down) {
    const canvas = this.small ??= document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(across * Math.min(1, grid.width)));
    canvas.height = Math.max(1, Math.round(down * Math.min(1, grid.height)));
    canvas.getContext('2d').drawImage(
      this.picture, column, row, across, down, 0, 0, canvas.width, canvas.height);
    return canvas;
  }

  words({tiles, grid, scale, scroll}, {rows, columns}) {
    const {context} = this;
    context.font = tiles.texts ? WORDS : FONT;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    const letters = Math.floor((grid.width - 3) / context.measureText('0').width);
    for (let row = rows[0]; row < rows[1]; row++) {
      for (let column = columns[0]; column < columns[1]; column++) {
        const {place, position} = grid.cellOf(row, column);
        const value = tiles.value(place, position);
        if (Number.isNaN(value)) continue;
        context.fillStyle = scale.ink(value);
        const word = tiles.text(place, position);
        context.fillText(word === undefined ? within(value, letters) : this.short(word, grid.width - 4),
          grid.left + (column + .5) * grid.width - scroll.left,
          grid.top + (row + .5) * grid.height - scroll.top + .5);
      }
    }
  }

  /** A text that is no wider than there is room for. */
  short(text, width) {
    if (this.room !== width || this.shortened.size > 20_000) {
      this.room = width;
      this.shortened.clear();
    }
    let short = this.shortened.get(text);
    if (short === undefined) {
      short = shortened(this.context, text, width);
      this.shortened.set(text, short);
    }
    return short;
  }

  marks({grid, scroll, pinned, highlights}) {
    const {context, roles} = this;
    for (const {place, position, weight = 1} of highlights) {
      const cell = grid.rectangle({place, position}, scroll);
      const share = Math.max(0, Math.min(1, weight));
      if (grid.legible) this.bar(cell, share);
      else if (Math.min(cell.width, cell.height) < THIN) this.line(cell, share);
      else this.ring(cell, share);
    }
    if (pinned) {
      const {x, y, width, height} = grid.rectangle(pinned, scroll);
      context.lineWidth = 5;
      context.strokeStyle = roles.page;
      context.strokeRect(x - .5, y - .5, width, height);
      context.lineWidth = 2.5;
      context.strokeStyle = roles.text;
      context.strokeRect(x - .5, y - .5, width, height);
    }
  }

  /** A bar below the word of a cell, as long as its weight. */
  bar({x, y, width, height}, weight) {
    const {context, roles} = this;
    const length = Math.max(2, (width - 5) * weight);
    const thick = height < 24 ? 1.5 : 3;
    context.fillStyle = roles.page;
    context.fillRect(x + 1, y + height - thick - 3, length + 2, thick + 2);
    context.fillStyle = roles.text;
    context.fillRect(x + 2, y + height - thick - 2, length, thick);
  }

  /** A line along the longer side of a thin cell, as long as its weight: beside others, a profile. */
  line({x, y, width, height}, weight) {
    const {context, roles} = this;
    context.fillStyle = roles.text;
    if (height >= width) {
      const length = Math.max(1, .7 * height * weight);
      context.fillRect(x, y + height - length, width, length);
    } else {
      context.fillRect(x, y, Math.max(1, .7 * width * weight), height);
    }
  }

  /** A ring in a cell, its area as large as its weight. */
  ring({x, y, width, height}, weight) {
    const {context, roles} = this;
    const radius = Math.max(1.5, Math.min(width, height, 16) / 2 * Math.sqrt(weight));
    context.beginPath();
    context.arc(x + width / 2, y + height / 2, radius, 0, 2 * Math.PI);
    context.lineWidth = 2;
    context.strokeStyle = roles.text;
    context.stroke();
    context.lineWidth = 1;
    context.strokeStyle = roles.page;
    context.stroke();
  }

  columnHeaders({grid, scroll, labels, pinned}, [from, to]) {
    const {context, roles} = this;
    const chosen = pinned ? grid.column(pinned.place, pinned.position) : -1;
    context.save();
    context.beginPath();
    context.rect(grid.left, 0, grid.box.width - grid.left, grid.top);
    context.clip();
    context.textBaseline = 'middle';
    const middle = column => grid.left + (column + .5) * grid.width - scroll.left;
    if (grid.heading === 'sparse') {
      const step = stride(grid.width, 56, grid.transposed ? PAIRS : TENS);
      context.font = SMALL;
      context.textAlign = 'left';
      context.fillStyle = roles.muted;
      for (let column = Math.ceil(from / step) * step; column < to; column += step) {
        const x = Math.round(middle(column) - grid.width / 2);
        context.fillRect(x, grid.top - 8, 1, 8);
        context.fillText(grid.transposed ? labels.columns[column] : column, x + 3, grid.top - 12);
      }
    } else {
      context.font = FONT;
      for (let column = from; column < to; column++) {
        context.fillStyle = column === chosen ? roles.text : roles.muted;
        this.columnHeader(grid, labels.columns[column], middle(column));
      }
    }
    context.restore();
  }

  columnHeader(grid, label, x) {
    const {context} = this;
    if (grid.heading === 'upright') {
      context.font = WORDS;
      context.textAlign = 'center';
      context.fillText(shortened(context, label, grid.width - 6), x, grid.top / 2 + 2);
      return;
    }
    context.save();
    context.translate(x, grid.top - 5);
    context.rotate(-Math.PI / 2);
    context.textAlign = 'left';
    context.fillText(shortened(context, label, grid.top - 10), 0, 0);
    context.restore();
  }

  rowHeaders({grid, scroll, labels, pinned}, [from, to]) {
    const {context, roles} = this;
    const chosen = pinned ? grid.row(pinned.place, pinned.position) : -1;
    const step = stride(grid.height, 13, grid.transposed ? TENS : PAIRS);
    // The first and the last stay whole where rows are lower than words.
    const within = y => Math.max(grid.top + 6, Math.min(grid.box.height - 6, y));
    const middle = row => grid.top + (row + .5) * grid.height - scroll.top + .5;
    context.save();
    context.beginPath();
    context.rect(0, grid.top, grid.left, grid.box.height - grid.top);
    context.clip();
    context.font = FONT;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    for (let row = Math.ceil(from / step) * step; row < to; row += step) {
      context.fillStyle = row === chosen ? roles.text : roles.muted;
      context.fillText(shortened(context, labels.rows[row], grid.left - 10), grid.left - 7,
        grid.height < 13 ? within(middle(row)) : middle(row));
    }
    context.restore();
  }
}

/** The least round step that keeps headers so far apart. */
function stride(size, apart, rounds) {
  for (let power = 1; ; power *= 10) {
    for (const step of rounds) if (step * power * size >= apart) return step * power;
  }
}

/** The beginning of a text that fits, with … where something is left out. */
function shortened(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  const letters = [...text];
  while (letters.length > 0 && context.measureText(letters.join('') + '…').width > width) letters.pop();
  return letters.join('') + '…';
}
