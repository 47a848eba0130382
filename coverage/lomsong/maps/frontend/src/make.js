/* Elements. Foreign text goes in as text, never as HTML. */

/** Make an element; strings among the children become text. */
export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Foreign text for those places where Leaflet takes HTML: these characters must not mean anything there. */
export const asHtml = (text) => text.replace(/[&<>"']/g, (mark) => "&#" + mark.charCodeAt(0) + ";");

/** Foreign text: kept apart from the text around it, so that direction marks in it turn nothing else round. */
export const foreign = (text, attributes) => make("bdi", attributes, text);

/** Look a foreign word up without finding what every object inherits. */
export const own = (table, word) => (Object.hasOwn(table, word) ? table[word] : null);

/** Parts with a dot between them. */
export const dotted = (parts) => parts.filter((part) => part !== null).flatMap((part, i) => (i ? [" · ", part] : [part]));

/** A pane that the mouse looks through; Leaflet makes those on demand only that it knows. */
export function addPane(map, name, zIndex) {
  const pane = map.getPane(name) || map.createPane(name);
  Object.assign(pane.style, { zIndex, pointerEvents: "none" });
  return pane;
}
