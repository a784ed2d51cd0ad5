import {send} from '../api.js';

/**
 * Begins long work and tells how it goes until it ends.
 * @param request as POST /api/jobs takes it
 * @param told called with each status {state, done, total, secondsLeft, found, error}
 * @returns {stop}: ends the work
 */
export async function begin(request, told) {
  const {id} = await send('POST', 'jobs', request);
  const source = new EventSource(`/api/jobs/${id}/events`);
  source.addEventListener('status', event => {
    const status = JSON.parse(event.data);
    if (ended(status)) source.close();
    told(status);
  });
  return {
    stop() {
      source.close();
      send('DELETE', `jobs/${id}`).then(told, () => {});
    },
  };
}

/** Whether nothing more will come. */
export function ended({state}) { return !['WAITING', 'RUNNING'].includes(state); }

/** How far it is, in words. */
export function progress({state, done, total, secondsLeft}) {
  if (state === 'WAITING') return 'waiting for other work';
  if (state === 'CANCELLED') return `stopped after ${done} of ${total} windows`;
  if (state !== 'RUNNING' || total === 0) return '';
  const rest = secondsLeft === null ? '' : `, about ${Math.max(1, Math.round(secondsLeft))} s left`;
  return `${done} of ${total} windows${rest}`;
}
