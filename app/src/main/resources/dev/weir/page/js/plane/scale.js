/** How numbers become colours and words. */

const LEVELS = 256;

/** A number for a reader, with so many digits; a zero that leads is one of them. */
export function brief(value, digits = 4) {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (Number.isInteger(value) && size < 1e6) return String(value).replace('-', '−');
  if (size >= 1e5 || size < 1e-3) return value.toExponential(Math.min(2, digits - 1)).replaceAll('-', '−').replace('e+', 'e');
  const after = Math.max(0, digits - Math.max(1, Math.floor(Math.log10(size)) + 1));
  const written = size < 1 && digits === 4 ? value.toPrecision(3) : value.toFixed(after);
  return written.replace('-', Number(written) === 0 ? '' : '−');
}

/** A number with three digits, or as many as so many letters hold; nothing where they hold none. */
export function within(value, letters) {
  for (let digits = 3; digits > 0; digits--) {
    const written = brief(value, digits);
    if (written.length <= letters) return written;
  }
  return '';
}

/** A share for a reader. */
export function percent(share) {
  if (!Number.isFinite(share)) return '–';
  const percents = (100 * share).toFixed(Math.abs(share) < .0995 ? 1 : 0);
  return `${Number(percents) === 0 ? '0' : percents.replace('-', '−')} %`;
}

/** The extent of some numbers, those that are none left out; null where there are none. */
export class Extent {
  low = Infinity;
  high = -Infinity;

  add(value) {
    if (value < this.low) this.low = value;
    if (value > this.high) this.high = value;
  }

  get empty() { return this.low > this.high; }
}

/** A scale of 256 colours over a range of numbers. */
export class Scale {
  /**
   * @param kind 'SEQUENTIAL', 'DIVERGING' or 'LOGARITHMIC', as the server says
   * @param colours the server's, by name
   * @param low the number at the low end; a diverging scale is as long on both sides of zero
   * @param high the number at the high end
   */
  constructor(kind, colours, low, high) {
    this.kind = kind;
    this.hexes = colours[kind === 'DIVERGING' ? 'diverging' : 'sequential'];
    const reach = Math.max(Math.abs(low), Math.abs(high));
    [this.low, this.high] = kind === 'DIVERGING' ? [-reach, reach] : [low, high];
    this.pixels = Uint32Array.from(this.hexes, abgr);
    this.inks = this.hexes.map(ink);
  }

  /** How far up the scale a number lies, 0 to 1 where it is within. */
  share(value) {
    const bent = this.kind === 'LOGARITHMIC' ? Math.log1p : x => x;
    const span = bent(this.high) - bent(this.low);
    return span > 0 ? (bent(value) - bent(this.low)) / span : .5;
  }

  level(value) {
    return Math.max(0, Math.min(LEVELS - 1, Math.round(this.share(value) * (LEVELS - 1))));
  }

  colour(value) { return this.hexes[this.level(value)]; }

  ink(value) { return this.inks[this.level(value)]; }

  /** The numbers that the legend names, low to high. */
  ticks() {
    if (this.kind === 'LOGARITHMIC') {
      const middle = Math.expm1((Math.log1p(this.low) + Math.log1p(this.high)) / 2);
      return [this.low, Math.round(middle), this.high];
    }
    return [this.low, (this.low + this.high) / 2, this.high];
  }
}

function channels(hex) {
  return [1, 3, 5].map(at => parseInt(hex.slice(at, at + 2), 16));
}

/** As the pixels of an image hold it. */
function abgr(hex) {
  const [r, g, b] = channels(hex);
  return (255 << 24 | b << 16 | g << 8 | r) >>> 0;
}

/** Black or white, whichever is easier to read on a colour. */
function ink(hex) {
  const [r, g, b] = channels(hex).map(c => c / 255)
    .map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
  const luminance = .2126 * r + .7152 * g + .0722 * b;
  return luminance > .179 ? '#000' : '#fff';
}
