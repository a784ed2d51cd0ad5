import {LitElement, html, nothing, render} from 'lit';
import {get, update, subscribe} from './store.js';
import {Tiles} from './plane/tiles.js';
import {Parts} from './plane/mixed.js';
import {Glances} from './plane/glances.js';
import {Grid} from './plane/grid.js';
import {Painter} from './plane/painter.js';
import {Extent, Scale, brief} from './plane/scale.js';
import {card, sentence} from './plane/glance.js';
import './plane/controls.js';

/** Readings that stay in memory, so that going back to one costs nothing. */
const KEPT = 6;
/** Until the scrolling counts as over, milliseconds. */
const PAUSE = 150;
/** What stands below the plane on the page, pixels, and how low the plane is at least. */
const BELOW = 56;
const LOWEST = 360;
const ZOOM = 1.25;

/** Planes on the page scroll together. */
const planes = new Set();

/**
 * The plane of tokens and places, coloured by a reading: a canvas in a box that scrolls. Shows
 * `run`, and what else the store says; with `bare` it has no controls of its own, with `follows` it
 * has the scale of the plane that has them.
 */
class Plane extends LitElement {
  static properties = {run: {attribute: false}, bare: {type: Boolean}, follows: {type: Boolean}};

  createRenderRoot() { return this; }

  connectedCallback() {
    super.connectedCallback();
    planes.add(this);
    this.kept = new Map();
    this.unsubscribe = subscribe((_, changed) => this.stateChanged(changed));
    this.sizes = new ResizeObserver(() => this.layOut());
    this.sizes.observe(this);
    this.theme = new MutationObserver(() => this.recolour());
    this.theme.observe(document.documentElement, {attributeFilter: ['data-theme']});
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    planes.delete(this);
    this.unsubscribe();
    this.sizes.disconnect();
    this.theme.disconnect();
    this.tiles?.stop();
    this.parts?.stop();
    this.glances?.stop();
  }

  // ------------------------------------------------------------------ what it is made of

  render() {
    return html`
      ${this.bare ? nothing : html`<weir-plane-controls></weir-plane-controls>`}
      <div class="plane-bar row">
        <div class="plane-legend" role="img">
          <span class="plane-legend-title"></span>
          <div class="plane-ramp"><i hidden></i></div>
          <div class="plane-ticks number"><span></span><span></span><span></span></div>
        </div>
        ${this.bare ? nothing : html`<span class="plane-zoom" role="group" aria-label="Size of the cells">
          <button type="button" aria-label="Smaller cells" @click=${() => this.zoom(1 / ZOOM)}>−</button>
          <button type="button" @click=${() => update({zoom: null})}>Fit</button>
          <button type="button" aria-label="Larger cells" @click=${() => this.zoom(ZOOM)}>+</button>
        </span>`}
      </div>
      <div class="plane-box">
        <div class="plane-view" tabindex="0" role="grid" aria-readonly="true"
            aria-label="The residual stream: places against tokens. Arrow keys move, Enter pins, Escape closes."
            @scroll=${this.scrolled} @wheel=${{handleEvent: e => this.wheel(e), passive: false}}
            @keydown=${this.key} @click=${this.click} @pointerdown=${this.down}
            @pointermove=${this.move} @pointerup=${this.up} @pointercancel=${this.up}
            @pointerleave=${this.leave} @blur=${this.leave}>
          <canvas class="plane-canvas" aria-hidden="true"></canvas>
          <div class="plane-extent" aria-hidden="true"></div>
          <div role="row" class="visually-hidden"><span role="gridcell" class="plane-cell"></span></div>
        </div>
        <div class="plane-focus" hidden></div>
        <div class="plane-card" hidden></div>
      </div>
      <p class="plane-notes muted"></p>
      <p class="visually-hidden plane-said" aria-live="polite"></p>`;
  }

  firstUpdated() {
    this.view = this.querySelector('.plane-view');
    this.painter = new Painter(this.querySelector('.plane-canvas'));
  }

  updated(changed) {
    if (changed.has('run') && this.run) this.runChanged();
  }

  /** The canvas that holds what is on screen. */
  get canvas() { return this.painter.canvas; }

  // ------------------------------------------------------------------ what it shows

  get reading() {
    const {server, reading} = get();
    const chosen = server.readings.find(r => r.id === reading) ?? server.readings[0];
    return this.run.numbers === 'difference'
      ? {...chosen, title: `Difference: ${chosen.title}`, scale: 'DIVERGING'} : chosen;
  }

  /** The cell of this plane that is focused or pinned; null for none. */
  get focused() { return this.shown(get().focused); }

  get pinned() { return this.shown(get().pinned); }

  /** Where a cell of the run stands in this plane: elsewhere where two runs are aligned. */
  shown(cell) { return cell && this.run.shown ? this.run.shown(cell) : cell; }

  /** The cell of the run that a cell of this plane is; null for none. */
  own(cell) { return cell && this.run.own ? this.run.own(cell) : cell; }

  get skipped() { return get().skipFirst && this.run.tokens.length > 1 ? 1 : 0; }

  stateChanged(changed) {
    if (!this.run || !this.painter || !get().server) return;
    const has = (...keys) => keys.some(key => changed.has(key));
    if (has('mixing') && get().mixing && this.reading.asks === 'DIRECTION') this.mix();
    else if (has('server', 'reading', 'token', 'direction')) this.ask();
    if (has('transposed', 'zoom')) this.layOut();
    if (has('range', 'skipFirst') || (this.follows && has('shown'))) this.recolour();
    if (has('pinned', 'highlights')) this.paintSoon();
    if (has('focused')) this.showFocus();
  }

  runChanged() {
    this.tiles?.stop();
    this.glances?.stop();
    this.kept.clear();
    this.previous = null;
    this.tiles = null;
    this.parts?.stop();
    this.parts = new Parts(this.run, () => this.partArrived(), e => this.failed(e));
    this.glances = this.run.path ? null : new Glances(this.run, () => this.showFocus());
    if (this.holds(this.focused)) this.glances?.want(this.focused);
    this.querySelector('.plane-notes').textContent =
      `${this.run.bos} The lens: ${this.run.norm}. Numbers are of ${this.run.coordinates} coordinates.`;
    if (get().server) this.ask();
  }

  /** Another reading: what is known of it is shown at once, the rest is asked for. */
  ask() {
    const {direction, token} = get();
    const {id, asks} = this.reading;
    const question = {
      reading: id,
      direction: asks === 'DIRECTION' ? direction?.id : undefined,
      token: asks === 'TOKEN' ? token : undefined,
    };
    if (asks === 'DIRECTION' && !direction) return;
    if (this.failing) update({problem: ''});
    this.failing = false;
    const key = JSON.stringify(question);
    const tiles = this.kept.get(key) ?? new Tiles(this.run, question,
      window => this.arrived(tiles, window), e => this.failed(e));
    if (this.tiles !== tiles) this.tiles?.stop();
    if (this.tiles?.known.some(known => known)) this.previous = this.tiles;
    this.kept.delete(key);
    this.kept.set(key, tiles);
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value);
    this.tiles = tiles;
    this.layOut();
  }

  /** A mixture of directions while its sliders move: out of the planes of the parts. */
  mix() {
    const {mixing, reading} = get();
    const before = this.tiles;
    this.tiles = this.parts.mixed(mixing, reading);
    if (before && before.mixing === undefined) {
      before.stop();
      this.previous = before;
    }
    this.layOut();
  }

  partArrived() {
    if (!this.tiles?.mixing || !this.grid) return;
    this.tiles.refresh();
    this.recolour();
    this.showFocus();
  }

  failed(e) {
    this.failing = true;
    update({problem: e.message});
  }

  /** A part of the plane has come. */
  arrived(tiles, window) {
    if (tiles !== this.tiles || !this.grid) return;
    const rescaled = this.fitScale();
    if (rescaled || this.drawn !== tiles) this.recolour();
    else this.painter.fill(tiles, this.grid, this.scale, window);
    this.showFocus();
    this.paintSoon();
  }

  // ------------------------------------------------------------------ scale

  /** Fits the scale to what is known; says whether it is another. */
  fitScale() {
    const {range, server} = get();
    const {scale: kind} = this.reading;
    const {low, high} = this.bounds(range);
    const scaled = JSON.stringify([kind, low, high, this.title]);
    const same = this.scaled === scaled;
    if (!same) {
      this.scale = new Scale(kind, server.colours, low, high);
      this.scaled = scaled;
      this.drawLegend();
      if (!this.bare) update({shown: {low: this.scale.low, high: this.scale.high}});
    }
    return !same;
  }

  bounds(range) {
    if (this.run.numbers === 'difference') return this.extent(range.mode);
    if (this.follows && get().shown) return get().shown;
    return range.mode === 'fixed' ? range : this.extent(range.mode);
  }

  extent(mode) {
    const {places, positions} = mode === 'screen' ? this.grid.window(this.scroll)
      : {places: [0, this.grid.depth], positions: [0, this.grid.length]};
    const extent = new Extent();
    for (let place = places[0]; place < places[1]; place++) {
      for (let position = Math.max(this.skipped, positions[0]); position < positions[1]; position++) {
        extent.add(this.tiles.value(place, position));
      }
    }
    return extent.empty ? {low: 0, high: 1} : extent;
  }

  /** Colours all cells. The reading before stays until the new one has come. */
  recolour() {
    if (!this.tiles || !this.grid) return;
    const window = this.grid.window(this.scroll);
    const waits = this.previous && this.previous !== this.tiles && !this.tiles.covers(window);
    if (!waits) {
      this.previous = null;
      this.fitScale();
      this.painter.colour(this.tiles, this.grid, this.scale);
      this.drawn = this.tiles;
    } else if (this.drawnGrid !== this.grid) {
      this.painter.colour(this.previous, this.grid, this.scale);
      this.drawn = this.previous;
    }
    this.drawnGrid = this.grid;
    this.paintSoon();
  }

  /** What the legend is about. */
  get title() {
    const {title, unit, asks} = this.reading;
    const {direction} = get();
    const along = asks === 'DIRECTION' && direction ? ` ${direction.name ?? direction.id}` : '';
    return unit ? `${title}${along}, ${unit}` : title + along;
  }

  drawLegend() {
    const stops = this.scale.hexes.filter((_, level) => level % 15 === 0);
    this.querySelector('.plane-ramp').style.backgroundImage = `linear-gradient(to right, ${stops})`;
    this.querySelector('.plane-legend-title').textContent = this.title;
    const ticks = this.scale.ticks().map(tick => brief(tick));
    this.querySelectorAll('.plane-ticks span').forEach((tick, i) => { tick.textContent = ticks[i]; });
    this.querySelector('.plane-legend').setAttribute('aria-label',
      `${this.title}: colours from ${ticks[0]} to ${ticks[2]}`);
  }

  // ------------------------------------------------------------------ layout and drawing

  get scroll() { return {left: this.view.scrollLeft, top: this.view.scrollTop}; }

  layOut() {
    if (!this.tiles || !this.painter || this.clientWidth === 0) return;
    const {transposed, zoom} = get();
    const above = this.view.getBoundingClientRect().top + scrollY;
    const room = {width: this.clientWidth, height: Math.max(LOWEST, innerHeight - above - BELOW)};
    const grid = this.grid = new Grid(
      this.run.places.length, this.run.tokens.length, transposed, room, zoom);
    const {width, height} = grid.extent;
    const extent = this.querySelector('.plane-extent');
    extent.style.width = `${Math.floor(width)}px`;
    extent.style.height = `${Math.floor(height)}px`;
    const bar = width > room.width ? this.view.offsetHeight - this.view.clientHeight : 0;
    this.view.style.height = `${Math.min(room.height, Math.ceil(height) + bar + 2)}px`;
    grid.box = {width: this.view.clientWidth, height: this.view.clientHeight};
    this.view.setAttribute('aria-rowcount', grid.rows);
    this.view.setAttribute('aria-colcount', grid.columns);
    const places = this.run.places;
    const tokens = this.run.tokens.map(token => token.text);
    this.labels = transposed ? {columns: places, rows: tokens} : {columns: tokens, rows: places};
    this.painter.resize(grid.box);
    this.recolour();
    this.want();
    this.paint();
    this.showFocus();
  }

  /** Asks for what is on screen; for everything where the scale is fitted to it. */
  want() { this.tiles.want(this.grid.window(this.scroll), get().range.mode === 'run'); }

  paintSoon() {
    this.frame ??= requestAnimationFrame(() => this.paint());
  }

  paint() {
    cancelAnimationFrame(this.frame);
    this.frame = null;
    if (!this.drawn || !this.grid) return;
    const {pinned} = this;
    const {highlights} = get();
    this.painter.paint({
      tiles: this.drawn, grid: this.grid, scale: this.scale, scroll: this.scroll,
      labels: this.labels, pinned: this.holds(pinned) ? pinned : null, highlights,
    });
  }

  holds(cell) {
    return cell && cell.place < this.run.places.length && cell.position < this.run.tokens.length;
  }

  scrolled() {
    this.paintSoon();
    this.placeFocus();
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.settled(), PAUSE);
    for (const other of planes) if (other !== this) other.follow(this.view);
    this.want();
  }

  /** The scrolling is over. */
  settled() {
    if (get().range.mode === 'screen') this.recolour();
  }

  follow({scrollLeft, scrollTop}) {
    if (!this.view || !this.grid) return;
    if (this.view.scrollLeft !== scrollLeft) this.view.scrollLeft = scrollLeft;
    if (this.view.scrollTop !== scrollTop) this.view.scrollTop = scrollTop;
  }

  // ------------------------------------------------------------------ zoom

  /** Makes cells larger or smaller; the point of the box stays where it is. */
  zoom(factor, x = this.view.clientWidth / 2, y = this.view.clientHeight / 2) {
    const {grid, scroll} = this;
    const [column, row] = [(x - grid.left + scroll.left) / grid.width, (y - grid.top + scroll.top) / grid.height];
    const fitted = grid.fitted();
    const size = {width: grid.width * factor, height: grid.height * factor};
    const smallest = size.width <= fitted.width && size.height <= fitted.height;
    update({zoom: smallest ? null : size});
    this.view.scrollLeft = column * this.grid.width - x + this.grid.left;
    this.view.scrollTop = row * this.grid.height - y + this.grid.top;
    this.paint();
  }

  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const {x, y} = this.point(event);
    this.zoom(Math.exp(-Math.max(-50, Math.min(50, event.deltaY)) / 150), x, y);
  }

  // ------------------------------------------------------------------ pointer

  point(event) {
    const {left, top} = this.view.getBoundingClientRect();
    return {x: event.clientX - left - this.view.clientLeft, y: event.clientY - top - this.view.clientTop};
  }

  cellAt(event) {
    const {x, y} = this.point(event);
    return this.grid?.at(x, y, this.scroll) ?? null;
  }

  down(event) {
    this.pointers ??= new Map();
    this.pointers.set(event.pointerId, this.point(event));
  }

  up(event) { this.pointers?.delete(event.pointerId); }

  move(event) {
    if (event.pointerType === 'touch') {
      this.pinch(event);
    } else {
      this.walked = false;
      this.focusOn(this.cellAt(event));
    }
  }

  /** Two fingers apart or together. */
  pinch(event) {
    if (!this.pointers?.has(event.pointerId)) return;
    const spread = () => {
      const [a, b] = [...this.pointers.values()];
      return {size: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2};
    };
    const before = this.pointers.size === 2 ? spread() : null;
    this.pointers.set(event.pointerId, this.point(event));
    if (before?.size > 0) {
      const {size, x, y} = spread();
      this.zoom(size / before.size, x, y);
    }
  }

  leave(event) {
    this.pointers?.delete(event.pointerId);
    // What was walked to stays when the mouse goes.
    if (event.type === 'blur' || !this.walked) update({focused: null});
  }

  click(event) {
    const cell = this.cellAt(event);
    if (cell) update({pinned: same(cell, this.pinned) ? null : this.own(cell), focused: this.own(cell)});
  }

  // ------------------------------------------------------------------ keyboard

  key(event) {
    const {focused, pinned} = this;
    const handled = this.zoomKey(event) || this.walk(event)
      || (event.key === 'Enter' && focused && (update({pinned: this.own(focused)}), true))
      || (event.key === 'Escape' && this.close(pinned));
    if (handled) event.preventDefault();
  }

  zoomKey({key, ctrlKey, metaKey}) {
    if (ctrlKey || metaKey) return false;
    const factor = {'+': ZOOM, '=': ZOOM, '-': 1 / ZOOM}[key];
    if (factor) this.zoom(factor);
    if (key === '0') update({zoom: null});
    return factor !== undefined || key === '0';
  }

  /** Moves the focused cell. */
  walk({key, ctrlKey, altKey}) {
    if (altKey || !this.grid) return false;
    const {grid} = this;
    const {rows} = grid.seen(this.scroll);
    const page = Math.max(1, rows[1] - rows[0] - 2);
    const steps = {
      ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0],
      Home: [ctrlKey ? -grid.rows : 0, -grid.columns], End: [ctrlKey ? grid.rows : 0, grid.columns],
      PageDown: [page, 0], PageUp: [-page, 0],
    };
    const step = steps[key];
    if (!step) return false;
    const {focused, pinned} = this;
    const from = [focused, pinned].find(cell => this.holds(cell));
    const within = (x, count) => Math.max(0, Math.min(count - 1, x));
    const seen = grid.seen(this.scroll);
    const [row, column] = from
      ? [grid.row(from.place, from.position) + step[0], grid.column(from.place, from.position) + step[1]]
      : [seen.rows[0], seen.columns[0]];
    this.walked = true;
    this.focusOn(grid.cellOf(within(row, grid.rows), within(column, grid.columns)));
    if (this.focused) this.reveal(this.focused);
    this.say();
    return true;
  }

  close(pinned) {
    if (!pinned && !get().focused) return false;
    update(pinned ? {pinned: null} : {focused: null});
    return true;
  }

  /** Scrolls until a cell is seen. */
  reveal(cell) {
    const {left, top} = this.grid.reveal(cell, this.scroll);
    this.view.scrollLeft = left;
    this.view.scrollTop = top;
  }

  // ------------------------------------------------------------------ the focused cell

  focusOn(cell) {
    const own = this.own(cell);
    if (same(own, get().focused)) return;
    update({focused: own});
    if (cell) this.glances?.want(cell);
  }

  /** Shows the number of the focused cell, and what else is known of it. */
  showFocus() {
    const {focused} = this;
    const cell = this.holds(focused) ? focused : null;
    const box = this.querySelector('.plane-card');
    box.hidden = !cell || !this.grid || this.drawn !== this.tiles;
    this.querySelector('.plane-ramp i').hidden =
      box.hidden || !Number.isFinite(this.tiles.value(cell.place, cell.position));
    if (!box.hidden) {
      const {place, position} = cell;
      const value = this.tiles.value(place, position);
      const text = this.tiles.text(place, position);
      box.dataset.value = value;
      box.dataset.complete = Boolean(this.glances?.of(cell));
      render(card(this.run, cell, this.reading, value, text, this.glances?.of(cell)), box);
      this.querySelector('.plane-ramp i').style.left = `${100 * Math.max(0, Math.min(1, this.scale.share(value)))}%`;
    }
    this.placeFocus();
  }

  /** Puts the frame around the focused cell, and the card beside it. */
  placeFocus() {
    const {focused} = this;
    const frame = this.querySelector('.plane-focus');
    const box = this.querySelector('.plane-card');
    frame.hidden = !this.holds(focused) || !this.grid;
    if (frame.hidden) return;
    const {x, y, width, height} = this.grid.rectangle(focused, this.scroll);
    frame.hidden = x < this.grid.left - 1 || y < this.grid.top - 1
      || x > this.grid.box.width || y > this.grid.box.height;
    Object.assign(frame.style, {
      transform: `translate(${x}px, ${y}px)`, width: `${Math.max(3, width)}px`, height: `${Math.max(3, height)}px`});
    if (box.hidden) return;
    const right = x + width + 12;
    const fits = right + box.offsetWidth < this.clientWidth;
    const left = fits ? right : Math.max(0, x - box.offsetWidth - 12);
    const top = Math.max(0, Math.min(y, this.view.offsetHeight - box.offsetHeight));
    box.style.transform = `translate(${left}px, ${top}px)`;
  }

  /** Tells the focused cell to those who do not see it. */
  say() {
    const {focused} = this;
    if (!focused) return;
    const {place, position} = focused;
    const words = sentence(this.run, focused, this.reading, this.tiles.value(place, position),
      this.tiles.text(place, position), this.glances?.of(focused));
    const cell = this.querySelector('.plane-cell');
    cell.textContent = words;
    cell.parentElement.setAttribute('aria-rowindex', this.grid.row(place, position) + 1);
    cell.setAttribute('aria-colindex', this.grid.column(place, position) + 1);
    cell.setAttribute('aria-selected', same(focused, this.pinned));
    this.querySelector('.plane-said').textContent = words;
  }

  /** Where a cell is on the page, for tests and for what points to it. */
  cellBox(place, position) {
    const {left, top} = this.view.getBoundingClientRect();
    const {x, y, width, height} = this.grid.rectangle({place, position}, this.scroll);
    return {x: left + x, y: top + y, width, height};
  }
}

function same(a, b) { return Boolean(a && b) ? a.place === b.place && a.position === b.position : a === b; }

customElements.define('weir-plane', Plane);
