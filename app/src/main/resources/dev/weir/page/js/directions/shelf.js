import {ask, send} from '../api.js';
import {get, update, subscribe} from '../store.js';

/**
 * The directions in use and how much of each is in the mixture: outlives the panel. The mixture is
 * the direction that cells are read along.
 */
const shelf = {
  /** [{id, name, description, width, length, offset, recipe, coefficient}] */
  items: [],
  /** Whether the mixture is made of length 1. */
  unit: false,
  /** The mixture, as the server described it; null where nothing is mixed. */
  mixture: null,
  /** What went wrong last, one line. */
  problem: '',
};

const watchers = new Set();

/** The shelf; to be read, not written. */
export function read() { return shelf; }

/** Calls `watcher` after each change; returns a function that ends it. */
export function watch(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

function change(patch) {
  Object.assign(shelf, patch);
  for (const watcher of [...watchers]) watcher();
}

/** Makes a direction and reads along it alone. */
export async function make(recipe) {
  use(await send('POST', 'directions', recipe));
}

/** Reads along a direction alone. */
export function use(direction) {
  const others = shelf.items.filter(item => item.id !== direction.id)
    .map(item => ({...item, coefficient: 0}));
  change({items: [...others, {...direction, coefficient: 1}], problem: ''});
  learn();
  mix();
}

/** Takes a direction away. */
export function drop(id) {
  change({items: shelf.items.filter(item => item.id !== id)});
  mix();
}

/** Says how much of a direction is in the mixture; the plane follows at once, the rest in a while. */
export function weigh(id, coefficient) {
  change({items: shelf.items.map(item => item.id === id ? {...item, coefficient} : item)});
  preview();
  settle();
}

/** Says whether the mixture is made of length 1. */
export function normalise(unit) {
  change({unit});
  mix();
}

// -------------------------------------------------------------------- while a slider moves

/** A slider that has not moved for so long rests, milliseconds. */
const REST = 150;

let resting;
/** Products of the directions in use, `products[id][other]`. */
let products = {};

function settle() {
  clearTimeout(resting);
  resting = setTimeout(mix, REST);
}

/** The last question for products; what answers one before is of other directions. */
let learning;

/** Learns how long mixtures of the directions in use are. A slider that moves already is followed. */
async function learn() {
  const {items} = shelf;
  const ids = items.map(item => item.id);
  const question = learning = ask('directions/cosines', {ids: ids.join(',')});
  let learnt = {};
  try {
    const {cosines} = await question;
    learnt = Object.fromEntries(ids.map((id, i) => [id, Object.fromEntries(ids.map((other, j) =>
      [other, cosines[i][j] * items[i].length * items[j].length]))]));
  } catch { /* The plane then follows once the slider rests. */ }
  if (question !== learning) return;
  products = learnt;
  if (resting) preview();
}

function preview() {
  const parts = shelf.items.filter(item => item.coefficient !== 0);
  if (parts.length === 0 || !alongDirection() || parts.some(part => !products[part.id])) return;
  let square = 0;
  for (const a of parts) {
    for (const b of parts) square += a.coefficient * b.coefficient * products[a.id][b.id];
  }
  const length = Math.sqrt(Math.max(0, square));
  if (length === 0) return;
  const factor = shelf.unit ? 1 / length : 1;
  update({mixing: {
    parts: parts.map(({id, coefficient, offset}) => ({id, coefficient, offset})),
    factor, length: factor * length}});
}

// -------------------------------------------------------------------- the mixture

let asking = false;
let again = false;

/** Mixes anew. While the server is asked, later wishes become one. */
async function mix() {
  resting = clearTimeout(resting);
  again = true;
  if (asking) return;
  asking = true;
  while (again) {
    again = false;
    await mixOnce();
  }
  asking = false;
}

async function mixOnce() {
  const parts = shelf.items.filter(item => item.coefficient !== 0);
  try {
    shown(parts.length === 0 ? null : await mixed(parts));
  } catch (e) {
    change({problem: e.message});
  }
}

/** One direction as it is needs no mixing. Parts are named by id, which costs the server nothing. */
async function mixed(parts) {
  const [only] = parts;
  if (parts.length === 1 && only.coefficient === 1 && !shelf.unit) return only;
  const length = shelf.unit ? 'ONE' : 'AS_IT_IS';
  const sum = of => ({
    kind: 'combination', length,
    parts: parts.map(part => ({coefficient: part.coefficient, of: of(part)})),
  });
  const made = await send('POST', 'directions',
    sum(({id, name}) => ({kind: 'held', id, name})));
  // A link makes the direction again from what its parts were made from.
  return {...made, recipe: sum(part => part.recipe)};
}

function shown(mixture) {
  change({mixture, problem: ''});
  if (mixture === null) {
    update({mixing: null, direction: null, ...(alongDirection() ? {reading: 'norm'} : {})});
    return;
  }
  const {id, name, recipe} = mixture;
  update({mixing: null, direction: {id, name, recipe}, ...(alongDirection() ? {} : {reading: 'dot'})});
}

function alongDirection() { return ['dot', 'cosine'].includes(get().reading); }

/** A direction that came from elsewhere, such as a link or the library, is put on the shelf. */
async function adopt(direction) {
  if (!direction || direction.id === shelf.mixture?.id) return;
  try {
    const held = {kind: 'held', id: direction.id, name: direction.name ?? direction.id};
    const made = await send('POST', 'directions', held);
    if (get().direction?.id === made.id && shelf.mixture?.id !== made.id) {
      use({...made, recipe: direction.recipe ?? held});
    }
  } catch (e) {
    change({problem: e.message});
  }
}

subscribe((state, changed) => {
  if (changed.has('direction')) adopt(state.direction);
});
