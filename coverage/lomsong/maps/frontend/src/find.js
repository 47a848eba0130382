/* The search itself. */
import { fold } from "./fold.js";

/** Rows whose name, commune or code hold every word, the best first. */
export function findRows(keys, text) {
  const words = fold(text).split(" ").filter(Boolean), whole = words.join(" ");
  if (!words.length) return [];
  const hits = [];
  for (let row = 0; row < keys.length; row++) if (words.every((word) => keys[row].includes(word))) hits.push(row);
  const order = (row) => (keys[row].startsWith(whole + "\n") ? 0 : keys[row].startsWith(words[0]) ? 1 : 2);
  const orders = new Map(hits.map((row) => [row, order(row)]));
  return hits.sort((a, b) => orders.get(a) - orders.get(b) || a - b);
}
