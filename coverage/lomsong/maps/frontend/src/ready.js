/* When everything on the page has been unpacked and drawn. */
const waiting = new Set();
const state = { done: false };

/** Count a promise among those the page waits for. */
export function register(promise) {
  waiting.add(promise);
  promise.then(() => waiting.delete(promise));
  return promise;
}

/** Resolves when nothing is left to wait for. */
export async function settled() {
  while (waiting.size) await Promise.all(waiting);
  state.done = true;
}

export const isReady = () => state.done;
