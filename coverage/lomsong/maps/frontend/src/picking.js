/* The mouse over our canvases: which thing lies under it, what its name is, what a click opens. */
import { foreign } from "./make.js";

/** Things under the mouse are looked for in the layers on top first. */
function pickerOf(map) {
  if (map.lomsongPicker) return map.lomsongPicker;
  const picker = (map.lomsongPicker = { layers: [] }), find = (latLng) => findAt(map, latLng);
  /* A shape of another layer, a marker or a popup lies above ours and keeps its clicks. */
  const ours = (event) => !event.originalEvent.target.closest(".leaflet-interactive, .leaflet-popup, .leaflet-control");
  map.on("click", (event) => {
    if (ours(event) && !map.lomsongBusy) pickAt(map, event.latlng);
  });
  /* A finger has no hover, and would leave the name standing. */
  if (window.matchMedia("(hover: hover)").matches) watchHover(map, find, ours);
  return picker;
}

function findAt(map, latLng) {
  for (const layer of [...map.lomsongPicker.layers].sort((a, b) => b.pickOrder - a.pickOrder)) {
    const hit = map.hasLayer(layer) ? layer.pick(latLng, map.getZoom()) : null;
    if (hit !== null) return { layer, hit };
  }
  return null;
}

/** Open what lies at a place. */
export function pickAt(map, latLng) {
  const found = map.lomsongPicker && findAt(map, latLng);
  if (found) found.layer.open(found.hit, latLng);
}

function watchHover(map, find, ours) {
  const tip = L.tooltip({ sticky: true, className: "lomsong-tooltip", offset: [12, 0] });
  let next = null;
  const show = () => {
    const event = next;
    next = null;
    const found = event && ours(event) ? find(event.latlng) : null;
    map.getContainer().classList.toggle("lomsong-over", Boolean(found));
    if (!found) return void tip.remove();
    tip.setLatLng(event.latlng).setContent(foreign(found.layer.title(found.hit), { class: "lomsong-tip" }));
    if (!map.hasLayer(tip)) tip.addTo(map);
  };
  map.on("mousemove", (event) => {
    if (!next) requestAnimationFrame(show);
    next = event;
  });
  map.on("mouseout movestart click", () => {
    next = null;
    tip.remove();
  });
}

/** Let a layer with `pick`, `title`, `open` and `pickOrder` answer the mouse. */
export function answerMouse(layer) {
  layer.on("add", () => {
    const { layers } = pickerOf(layer._map);
    if (!layers.includes(layer)) layers.push(layer);
  });
  return layer;
}
