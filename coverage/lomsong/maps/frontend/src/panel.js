/* The panel beside the map: what the map shows, in counts, as a list and by search. Foreign text goes in as text. */
import { headline, legend, tally } from "./legend.js";
import { rankedList, search, walk } from "./lists.js";
import { STATUSES } from "./looks.js";
import { foreign, make } from "./make.js";
import { register, settled } from "./ready.js";
import { statusReader } from "./villages.js";
import { language, t } from "./words.js";

/** Leaflet writes the names of layers as HTML; these characters must not mean anything there. */
const asHtml = (text) => text.replace(/[&<>"']/g, (mark) => "&#" + mark.charCodeAt(0) + ";");

/** The map that the page shows and its villages, for whoever embeds or tests it. */
export const shown = {};

export function panel(map, layer, labels) {
  Object.assign(shown, { map, villages: layer });
  const narrow = window.matchMedia("(max-width: 700px)"), page = document.body;
  const open = () => !page.classList.contains("lomsong-closed");
  const body = make("div", { class: "lomsong-body", id: "lomsong-body" });
  const handle = make("button", { type: "button", class: "lomsong-handle", "aria-controls": "lomsong-body", onclick: () => collapse(open()) });

  function collapse(closed) {
    page.classList.toggle("lomsong-closed", closed);
    handle.setAttribute("aria-expanded", String(!closed));
    handle.setAttribute("aria-label", t(closed ? "showPanel" : "hidePanel"));
    map.invalidateSize({ animate: false });
  }
  function choose(row) {
    if (narrow.matches) collapse(true);
    layer.goTo(row);
  }

  const side = make("aside", { class: "lomsong-panel", "aria-label": t("villages") },
    make("header", {}, make("div", {}, make("p", { class: "lomsong-kind" }, t("kind")), make("h1", {}, foreign(labels.name))), handle), body);
  side.addEventListener("keydown", (event) => {
    walk(event);
    if (event.key === "Escape") map.closePopup();
  });
  page.prepend(side);
  page.classList.add("lomsong-page");
  if (labels.synthetic) {
    page.classList.add("lomsong-synthetic");
    page.prepend(make("p", { class: "lomsong-banner", role: "note" }, make("strong", {}, t("syntheticMark")), t("synthetic")));
  }
  document.documentElement.lang = language();
  map.getContainer().setAttribute("aria-label", t("mapLabel"));
  map.getContainer().setAttribute("role", "region");
  collapse(narrow.matches);
  furnish(map, labels);
  register(layer.ready.then(() => {
    const bounds = layer.boundsOf();
    if (bounds) map.fitBounds(bounds, { animate: false, maxZoom: 14, padding: [16, 16] });
    body.append(...sections(layer, choose));
    performance.mark("lomsong:interactive");
  }));
  settled();
}

function sections(layer, choose) {
  const names = Object.keys(STATUSES), code = statusReader(layer);
  const classOf = (row) => (code(row) < 0 ? names.length : code(row)), hidden = new Set();
  const sums = tally(layer, classOf, names.length + 1, () => true);
  const classes = names.map((name) => ({ look: STATUSES[name], label: t("status." + name), meaning: t("meaning." + name) }));
  const ranked = make("div");
  const rerank = () => ranked.replaceChildren(rankedList(layer, choose));
  rerank();
  const toggle = (kind, on) => {
    hidden[on ? "delete" : "add"](kind);
    layer.show((row) => !hidden.has(classOf(row)));
    rerank();
  };
  return [headline(layer, sums[0]), search(layer, choose, { search: "" }), legend(t("status"), classes, sums.slice(0, -1), hidden, toggle), ranked];
}

function furnish(map, labels) {
  map.setMaxZoom(18);
  L.control.scale({ imperial: false, maxWidth: 140 }).addTo(map);
  const credits = map.attributionControl;
  if (!credits) return;
  /* Leaflet writes attributions as HTML; ours follow as text. */
  credits._update = function () {
    L.Control.Attribution.prototype._update.call(this);
    labels.attributions.forEach((text, i) => this._container.append(i ? ", " : " | ", foreign(text)));
  };
  credits.setPrefix("Leaflet");
}

/** Leaflet's own control for all layers of the map: `[name, layer, isOverlay]` each. */
export function layerControl(map, layers) {
  const control = L.control.layers({}, {}, { collapsed: map.getSize().x < 700, position: "topright" });
  layers.forEach(([name, layer, isOverlay]) => control[isOverlay ? "addOverlay" : "addBaseLayer"](layer, asHtml(name)));
  if (layers.length) control.addTo(map);
}
