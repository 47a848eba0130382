/* When everything on the page has been unpacked. */
const waiting = new Set();
let begun = false;

/** Count a promise among those the page waits for. */
export function register(promise) {
  begun = true;
  waiting.add(promise);
  promise.then(() => waiting.delete(promise));
  return promise;
}

export const isReady = () => begun && waiting.size === 0;
