import {send} from '../api.js';
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
  mix();
}

/** Takes a direction away. */
export function drop(id) {
  change({items: shelf.items.filter(item => item.id !== id)});
  mix();
}

/** Says how much of a direction is in the mixture. */
export function weigh(id, coefficient) {
  change({items: shelf.items.map(item => item.id === id ? {...item, coefficient} : item)});
  mix();
}

/** Says whether the mixture is made of length 1. */
export function normalise(unit) {
  change({unit});
  mix();
}

// -------------------------------------------------------------------- the mixture

let asking = false;
let again = false;

/** Mixes anew. While the server is asked, later wishes become one. */
async function mix() {
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
    update({direction: null, ...(alongDirection() ? {reading: 'norm'} : {})});
    return;
  }
  const {id, name, recipe} = mixture;
  update({direction: {id, name, recipe}, ...(alongDirection() ? {} : {reading: 'dot'})});
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
