/** Questions to the server. A problem is thrown as an Error with the server's one line. */

const KEY = 'weir-token';

/** Takes the token out of the address, once, and keeps it for this origin. */
export function takeToken() {
  const address = new URL(location.href);
  const token = address.searchParams.get('token');
  if (token) {
    localStorage.setItem(KEY, token);
    address.searchParams.delete('token');
    history.replaceState(null, '', address);
  }
}

function token() { return localStorage.getItem(KEY) ?? ''; }

async function answered(response) {
  if (response.ok) return response.status === 204 ? null : response.json();
  let error = `The server answered ${response.status}.`;
  try { error = (await response.json()).error ?? error; } catch { /* no JSON: the status must do */ }
  throw Object.assign(new Error(error), {status: response.status});
}

function address(path, parameters) {
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(parameters)) {
    for (const value of [values].flat()) {
      if (value !== undefined && value !== null && value !== '') query.append(name, value);
    }
  }
  const text = query.toString();
  return `/api/${path}${text ? '?' + text : ''}`;
}

/** Looks at something: `ask('runs/1a2b/plane', {reading: 'norm'}, signal)`. */
export async function ask(path, parameters = {}, signal = undefined) {
  return answered(await fetch(address(path, parameters), {signal}));
}

/** Looks at something that is a file: {name, content}, the content being a Blob. */
export async function file(path, parameters = {}) {
  const response = await fetch(address(path, parameters));
  if (!response.ok) return answered(response);
  const [, name] = /filename="([^"]+)"/.exec(response.headers.get('Content-Disposition'));
  return {name, content: await response.blob()};
}

/** Sends something: JSON, or bytes as they are. */
export async function send(method, path, body = undefined, signal = undefined) {
  const raw = body instanceof Blob || body instanceof ArrayBuffer;
  return answered(await fetch(`/api/${path}`, {
    method,
    headers: {'X-Weir-Token': token(), ...(raw ? {} : {'Content-Type': 'application/json'})},
    body: body === undefined || raw ? body : JSON.stringify(body),
    signal,
  }));
}

let d3Loading;

/** D3, loaded when the first chart is drawn. */
export function loadD3() {
  d3Loading ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = '/lib/d3/dist/d3.min.js';
    script.onload = () => resolve(globalThis.d3);
    script.onerror = () => reject(new Error('The charts could not be loaded.'));
    document.head.append(script);
  });
  return d3Loading;
}
