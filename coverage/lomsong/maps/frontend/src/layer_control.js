/* The control of all layers, in groups, with the opacity and the legend of predicted signal. */
import { asHtml, make } from "./make.js";
import { SIGNAL_COLOURS } from "./signal.js";
import { has, t } from "./words.js";

const GROUPS = ["ground", "villages", "signal", "network", "other"];
const GROUP_OF = { relief: "ground", roads: "ground", water: "ground", tiles: "ground", villages: "villages", borders: "ground", measurements: "network", signal: "signal", masts: "network", plan: "network" };
/* Names that Python gives by default stand in both languages. */
const OWN_NAMES = { Villages: "villages", Masts: "masts", Relief: "relief", Measurements: "measurements", Communes: "communes", Provinces: "provinces", "Proposed sites": "plan",
  Roads: "roads", "Main roads": "mainRoads", Waters: "waters", "Main waters": "mainWaters", "Online map": "onlineMap" };

const Control = L.Control.Layers.extend({
  _update() {
    L.Control.Layers.prototype._update.call(this);
    if (!this._container) return this;
    const labels = [...this._overlaysList.children];
    const overlays = this._layers.filter((entry) => entry.overlay);
    const groups = overlays.map((entry) => entry.layer.lomsongGroup || "other");
    if (new Set(groups).size > 1) {
      const order = GROUPS.filter((group) => groups.includes(group));
      this._overlaysList.replaceChildren(...order.flatMap((group) => [
        make("div", { class: "lomsong-group" }, t("group." + group)), ...labels.filter((_, i) => groups[i] === group)]));
    }
    return this;
  },
});

/** `[name, layer, isOverlay, kind]` each. */
export function layerControl(map, layers) {
  if (!layers.length) return;
  layers.forEach(([, layer, , kind]) => (layer.lomsongGroup = GROUP_OF[kind] || "other"));
  let control = null, collapsed = map.getSize().x < 700;
  function build() {
    if (control) control.remove();
    control = new Control({}, {}, { collapsed, position: "topright" });
    layers.forEach(([name, layer, isOverlay, kind]) => {
      const shown = kind && Object.hasOwn(OWN_NAMES, name) && has(OWN_NAMES[name]) ? t(OWN_NAMES[name]) : name;
      control[isOverlay ? "addOverlay" : "addBaseLayer"](layer, asHtml(shown));
    });
    control.addTo(map);
    const link = control.getContainer().querySelector(".leaflet-control-layers-toggle");
    link.setAttribute("title", t("layers"));
    link.setAttribute("aria-label", t("layers"));
  }
  build();
  map.on("lomsong:language", build);
  if (layers.some(([, , , kind]) => kind === "signal")) signalLegend(map);
}

/** The colours of the signal and its opacity, while such a layer is on. */
function signalLegend(map) {
  const on = new Set();
  let control = null, opacity = 0.7;
  function build() {
    if (control) control.remove();
    control = null;
    if (!on.size) return;
    const [first] = on;
    control = L.control({ position: "bottomright" });
    control.onAdd = () => {
      const slider = make("input", { type: "range", min: 0, max: 100, value: opacity * 100, "aria-label": t("opacity"), oninput: () => {
        opacity = slider.value / 100;
        on.forEach((layer) => layer.setOpacity(opacity));
      } });
      const box = make("div", { class: "lomsong-signal leaflet-bar" }, make("b", {}, t("signalLegend")),
        make("div", { class: "lomsong-ramp" }, ...SIGNAL_COLOURS.map((colour, i) => {
          const cell = make("span", {}, make("i"), i % 2 ? "" : String(first.meta.levels_dbm[i]).replace("-", "−"));
          cell.firstChild.style.background = colour;
          return cell;
        })), make("label", {}, t("opacity"), slider));
      L.DomEvent.disableClickPropagation(box);
      return box;
    };
    control.addTo(map);
  }
  map.on("lomsong:signal", ({ layer, on: isOn }) => {
    on[isOn ? "add" : "delete"](layer);
    if (isOn) layer.setOpacity(opacity);
    layer.ready.then(build);
  });
  map.on("lomsong:language", build);
}
