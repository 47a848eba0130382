/* Packs that lie beside the page as scripts of their own. They are put in when somebody asks for them, since a page opened
   from disk may load scripts but fetch nothing. */
import { make } from "./make.js";
import { t } from "./words.js";

const waiting = new Map();

/** Called by a chunk that has arrived. */
export const chunk = (id, text) => waiting.get(id)(text);

/** Whether a pack lies beside the page. */
export const isBeside = (id) => Boolean(document.getElementById(id)?.dataset.chunk);

/** The text of the script tag that stands for a pack, and let go of it; null where there is none. */
export async function takeText(id) {
  const element = document.getElementById(id);
  if (!element) return null;
  const file = element.dataset.chunk, text = element.textContent;
  element.remove();
  if (!file) return text;
  const script = make("script", { src: file });
  const arrived = new Promise((done) => {
    waiting.set(id, done);
    script.onerror = () => {
      document.body.prepend(make("p", { class: "lomsong-banner", role: "alert" }, t("chunkMissing", { file })));
      done(null);
    };
  });
  document.head.append(script);
  const found = await arrived;
  script.remove();
  return found;
}

/** Give `owner` a promise `restReady` of what is needed later: begun at once, or when it is first asked for if it lies beside the page. */
export function restOf(owner, id, begin) {
  let begun = null;
  const get = () => (begun ??= begin());
  Object.defineProperty(owner, "restReady", { get });
  if (!isBeside(id)) get();
}

/** Wait until a layer is first shown, if its pack lies beside the page. */
export const shownFirst = (layer, id) => (isBeside(id) ? new Promise((done) => layer.once("add", done)) : null);
