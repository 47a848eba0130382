/* The panel beside the map: what the map shows, in counts, as a list and by search. Foreign text goes in as text. */
import { filterForm } from "./filters.js";
import { headline, legend } from "./legend.js";
import { rankedList, search, walk } from "./lists.js";
import { foreign, make } from "./make.js";
import { count, people } from "./numbers.js";
import { permalink } from "./permalink.js";
import { pickAt } from "./picking.js";
import { register } from "./ready.js";
import { setPhrases } from "./reasons.js";
import { State } from "./state.js";
import { tools } from "./tools.js";
import { villageList } from "./village_list.js";
import { language, languages, setLanguage, t } from "./words.js";

/** The map that the page shows and its villages, for whoever embeds or tests it. */
export const shown = {};

export function panel(map, layer, labels) {
  const narrow = window.matchMedia("(max-width: 700px)"), page = document.body;
  const side = make("aside", { class: "lomsong-panel" });
  let state = null, body = null, handle = null, banner = null;

  function collapse(closed) {
    page.classList.toggle("lomsong-closed", closed);
    handle.setAttribute("aria-expanded", String(!closed));
    handle.setAttribute("aria-label", t(closed ? "showPanel" : "hidePanel"));
    map.invalidateSize({ animate: false });
  }
  const closed = () => page.classList.contains("lomsong-closed");
  function choose(row) {
    if (narrow.matches) collapse(true);
    layer.goTo(row);
  }
  function switchLanguage() {
    setLanguage(languages().find((name) => name !== language()));
    map.closePopup();
    write();
    map.fire("lomsong:language").fire("lomsong:state");
    side.querySelector(".lomsong-language").focus();
  }

  /** Write all words of the page, in the language of the moment. */
  function write() {
    const wasClosed = closed();
    body = make("div", { class: "lomsong-body", id: "lomsong-body" });
    handle = make("button", { type: "button", class: "lomsong-handle", "aria-controls": "lomsong-body", onclick: () => collapse(!closed()) });
    const other = languages().find((name) => name !== language());
    side.replaceChildren(
      make("header", {}, make("div", {}, make("p", { class: "lomsong-kind" }, t("kind")), make("h1", {}, foreign(labels.name))),
        make("button", { type: "button", class: "lomsong-language", lang: other, onclick: switchLanguage }, t("languageName")), handle), body);
    side.setAttribute("aria-label", t("villages"));
    document.documentElement.lang = language();
    const container = map.getContainer();
    container.setAttribute("aria-label", t("mapLabel"));
    container.setAttribute("role", "region");
    for (const [part, key] of [["in", "zoomIn"], ["out", "zoomOut"]]) {
      const button = container.querySelector(".leaflet-control-zoom-" + part);
      if (button) ["title", "aria-label"].forEach((name) => button.setAttribute(name, t(key)));
    }
    if (banner) banner.replaceChildren(make("strong", {}, t("syntheticMark")), t("synthetic"));
    if (state) body.append(...sections(map, layer, state, labels, choose));
    collapse(wasClosed);
  }

  Object.assign(shown, { map, villages: layer });
  setLanguage(labels.language);
  setPhrases(labels.phrases);
  if (labels.synthetic) {
    banner = make("p", { class: "lomsong-banner", role: "note" });
    page.classList.add("lomsong-synthetic");
    page.prepend(banner);
  }
  (banner || page)[banner ? "after" : "prepend"](side);
  side.addEventListener("keydown", (event) => {
    walk(event);
    if (event.key === "Escape") map.closePopup();
  });
  page.classList.add("lomsong-page");
  page.classList.toggle("lomsong-closed", narrow.matches);
  write();
  map.fire("lomsong:language");
  furnish(map, labels);
  register(begin());

  async function begin() {
    const plan = map.lomsongPlan, runs = map.lomsongComparison;
    await Promise.all([layer.ready, plan && plan.ready, runs && runs.ready]);
    const bounds = layer.boundsOf();
    shown.state = state = new State(layer, plan && plan.size ? plan : null);
    if (runs) runs.begin(state);
    if (bounds) map.fitBounds(bounds, { animate: false, maxZoom: 14, padding: [16, 16] });
    if (!location.hash) write();
    permalink(map, layer, state, () => {
      write();
      map.fire("lomsong:language");
    });
    performance.mark("lomsong:interactive");
  }
}

function sections(map, layer, state, labels, choose) {
  const ranked = make("div"), told = make("p", { class: "lomsong-note", "aria-live": "polite" });
  let list = null;
  const all = villageList(layer, choose), legendBox = make("div");
  function rewriteLegend() {
    list = legend(state.classes, state.hidden, (kind, on) => {
      state.hidden[on ? "delete" : "add"](kind);
      state.apply();
    });
    legendBox.replaceChildren(list.element);
  }
  state.listeners = [(sums) => {
    list.fill(sums);
    ranked.replaceChildren(rankedList(layer, choose));
    all.renew();
    const total = sums.reduce((sum, each, i) => (state.hidden.has(i) ? sum : { n: sum.n + each.villages, people: sum.people + each.people }), { n: 0, people: 0 });
    told.textContent = t("showing", { n: count(total.n), size: count(layer.size), people: people(total.people) });
  }];
  const theme = make("select", { onchange: () => {
    state.theme = theme.value;
    state.hidden.clear();
    rewriteLegend();
    state.apply();
  } }, ...Object.keys(state.themes).map((name) => make("option", { value: name }, t("theme." + name))));
  theme.value = state.theme;
  rewriteLegend();
  const parts = [
    map.lomsongComparison ? map.lomsongComparison.section() : headline(layer), search(layer, choose, state),
    make("section", {}, make("label", { class: "lomsong-field" }, make("span", {}, t("colourBy")), theme), legendBox, told),
    state.plan ? budget(state) : null,
    make("details", { class: "lomsong-details", open: state.filtering }, make("summary", {}, t("filters")), filterForm(layer, state.filters, () => state.apply())),
    ranked, all.element, tools(map, layer, labels, state),
  ].filter((part) => part !== null);
  state.apply();
  return parts;
}

/** The slider that builds the plan's sites one by one. */
function budget(state) {
  const { plan } = state, told = make("p", { class: "lomsong-note", "aria-live": "polite" });
  const slider = make("input", { type: "range", min: 0, max: plan.size, step: 1, id: "lomsong-budget", "aria-describedby": "lomsong-budget-sum" });
  slider.value = state.step;
  told.id = "lomsong-budget-sum";
  const tell = () => {
    const { cost, people: reached } = plan.totals(state.step);
    const words = t("budgetSites", { n: count(state.step), size: count(plan.size) });
    slider.setAttribute("aria-valuetext", words);
    told.textContent = words + (state.step ? " · " + t("budgetSum", { cost: plan.money(cost), people: people(reached) }) : "");
  };
  slider.addEventListener("input", () => {
    state.step = Number(slider.value);
    tell();
    state.apply();
  });
  tell();
  return make("section", {}, make("h2", {}, t("budget")), make("label", { class: "lomsong-unseen", for: "lomsong-budget" }, t("buildSites")), slider, told);
}

function furnish(map, labels) {
  map.setMaxZoom(18);
  /* the keyboard points with the middle of the map */
  map.getContainer().addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === map.getContainer()) pickAt(map, map.getCenter());
  });
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
