import {get, update} from '../store.js';

/**
 * The changes in the order in which they stand on the page: [{change, on}]. Those that are off are
 * kept aside with the index at which they stand, so that `changes` is what the server takes.
 */
export function listed() {
  const list = get().changes.map(change => ({change, on: true}));
  for (const {at, change} of get().asides) list.splice(at, 0, {change, on: false});
  return list;
}

/** Puts another list in place of this one. */
export function put(list) {
  const asides = list.flatMap(({change, on}, at) => on ? [] : [{at, change}]);
  update({changes: list.filter(({on}) => on).map(({change}) => change), asides});
}

export function add(change) { put([...listed(), {change, on: true}]); }

export function replace(index, change) {
  put(listed().map((entry, i) => i === index ? {...entry, change} : entry));
}

export function toggle(index) {
  put(listed().map((entry, i) => i === index ? {...entry, on: !entry.on} : entry));
}

export function remove(index) { put(listed().filter((_, i) => i !== index)); }

const VERBS = {
  ablate: 'Zero', mean: 'Mean of the run for', patch: 'Patch', steer: 'Steer',
  'project-out': 'Project out of', 'set-projection': 'Set the projection at',
};

/** A hook point for a reader: the words that tell it from others. */
function hookName(hook) {
  return hook.replace(/^blocks\.(\d+)\./, '$1 ').replace(/(attn|mlp)?\.?hook_/, '');
}

/** A change in words. */
export function describe({kind, hook, heads = [], neurons = [], positions = [], prompt}) {
  const part = heads.length > 0 ? ` head ${heads.join(', ')}` : neurons.length > 0 ? ` neuron ${neurons.join(', ')}` : '';
  const where = positions.length > 0 ? `at ${positions.join(', ')}` : 'at every token';
  const source = prompt === undefined ? '' : ` from “${prompt.length > 24 ? prompt.slice(0, 24) + '…' : prompt}”`;
  return `${VERBS[kind]} ${hookName(hook)}${part} ${where}${source}`;
}
