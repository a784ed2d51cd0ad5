import {send} from '../api.js';
import {get, update, subscribe} from '../store.js';

const MAKES = ['run', 'second', 'changes'];

let asking;

/** Keeps `before` the run that is seen beside: the second one, or the same without changes. */
async function follow() {
  const {run, second, changes} = get();
  asking?.abort();
  if (!run || !(second || changes.length > 0)) return update({before: null});
  const mine = asking = new AbortController();
  const body = second
    ? {model: second.model, text: second.prompt, changes: second.changes ?? []}
    : {model: run.model, tokens: run.tokens.map(token => token.id), changes: []};
  try {
    update({before: await send('POST', 'runs', body, mine.signal)});
  } catch (e) {
    if (e.name !== 'AbortError') update({before: null, problem: e.message});
  }
}

subscribe((_, changed) => { if (MAKES.some(key => changed.has(key))) follow(); });
