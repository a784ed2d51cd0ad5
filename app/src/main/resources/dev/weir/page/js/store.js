/** What the page shows: one object, changed by `update`, watched by `subscribe`. */

/** The keys that belong in a link; everything else is made from them or does not matter. */
export const LINKED = [
  'model', 'prompt', 'reading', 'token', 'direction', 'range', 'transposed', 'pinned', 'changes',
  'second', 'asides', 'beside', 'by', 'panel', 'zoom', 'skipFirst'];

const state = {
  /** What the server has: models and colours; null until it answered. */
  server: null,
  /** The id of the model that is asked. */
  model: 'm0',
  /** The text of the prompt. */
  prompt: 'Once upon a time, there was a little girl named Lily. She loved to play outside in the park.',
  /** The run of the prompt: {run, model, tokens: [{id, text}], places: [label], coordinates}. */
  run: null,
  /** What the cells show: the name of a reading. */
  reading: 'norm',
  /** The token that a reading follows: its text, or `#id`; empty for the model's own answer. */
  token: '',
  /** The direction that a reading projects on: {id, recipe, name}; null for none. */
  direction: null,
  /** A mixture of directions whose sliders move: {parts: [{id, coefficient, offset}], factor, length}. */
  mixing: null,
  /** {mode: 'screen' | 'run' | 'fixed', low, high}. */
  range: {mode: 'run'},
  /** Whether tokens run down and places run across. */
  transposed: false,
  /** Whether the first position is left out where colours are fitted. */
  skipFirst: true,
  /** The pinned cell {place, position}; null for none. */
  pinned: null,
  /** The cell under the pointer or the keyboard {place, position}; null for none. */
  focused: null,
  /** The numbers at the ends of the colours {low, high}; null before there are any. */
  shown: null,
  /** Pixels for each cell {width, height}; null for fitted. */
  zoom: null,
  /** Cells to mark: [{place, position, weight}]. */
  highlights: [],
  /** What is changed in the run, as the server takes it. */
  changes: [],
  /** Changes that are switched off: [{at, change}], where they stand in the list. */
  asides: [],
  /** What is seen beside the first: {model, prompt, changes}; null for nothing. */
  second: null,
  /** The run that is seen beside: the second, or the same without changes; null for none. */
  before: null,
  /** Whether the planes of both are shown. */
  beside: true,
  /** How planes of different depths are aligned: 'depth' or 'sublayer'. */
  by: 'depth',
  /** Which panel is open at the side. */
  panel: 'cell',
  /** What is being waited for, for the status line. */
  busy: '',
  /** What went wrong last, one line. */
  problem: '',
};

const watchers = new Set();

/** The state; to be read, not written. */
export function get() { return state; }

/** Changes some keys and tells everybody once. */
export function update(patch) {
  const changed = Object.keys(patch).filter(key => state[key] !== patch[key]);
  if (changed.length === 0) return;
  Object.assign(state, patch);
  for (const watcher of [...watchers]) watcher(state, new Set(changed));
}

/** Calls `watcher(state, changedKeys)` after each change; returns a function that ends it. */
export function subscribe(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}
