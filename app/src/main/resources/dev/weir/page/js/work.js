import {send} from './api.js';

/**
 * Begins long work and tells how it goes until it ends.
 * @param request as POST /api/jobs takes it
 * @param told called with each status {state, done, total, secondsLeft, found, error}
 * @returns {stop}: ends the work
 */
export async function begin(request, told) {
  let status = await send('POST', 'jobs', request);
  const job = `jobs/${status.id}`;
  const source = new EventSource(`/api/${job}/events`);
  const tell = now => {
    status = now;
    if (ended(status)) source.close();
    told(status);
  };
  source.addEventListener('status', event => tell(JSON.parse(event.data)));
  source.addEventListener('error', () => {
    // Otherwise the browser tries again by itself.
    if (source.readyState === EventSource.CLOSED) {
      tell({...status, state: 'FAILED', error: 'The server knows nothing of this work any more: begin it again.'});
    }
  });
  return {
    stop() {
      source.close();
      if (!ended(status)) send('DELETE', job).then(told, () => {});
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
