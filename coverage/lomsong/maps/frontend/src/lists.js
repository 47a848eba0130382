/* The ranked list and the search: both lead to villages. */
import { swatch } from "./looks.js";
import { findRows } from "./find.js";
import { fold } from "./fold.js";
import { dotted, foreign, make } from "./make.js";
import { count, percent } from "./numbers.js";
import { has, t } from "./words.js";

const LISTED = 20, FOUND = 12;

const statusWord = (status) => t("status." + (has("status." + status) ? status : "other"));

export function entry(layer, row, details, choose, lead) {
  return make("li", {}, make("button", { type: "button", onclick: () => choose(row) },
    lead,
    make("span", { class: "lomsong-entry" },
      make("span", { class: "lomsong-name" }, foreign(layer.title(row))),
      make("span", { class: "lomsong-detail" }, ...details)),
    swatch(layer.lookOf(row)), make("span", { class: "lomsong-unseen" }, statusWord(layer.value(row, "status")))));
}

/** The rows with a rank, the first first; sorted once. */
export function rankOrder(layer) {
  if (!layer.rankOrder) {
    const rank = layer.table.reader("rank"), places = new Float64Array(layer.size);
    for (let row = 0; row < layer.size; row++) places[row] = rank(row) ?? Infinity;
    layer.rankOrder = Uint32Array.from(places.keys()).filter((row) => places[row] < Infinity).sort((a, b) => places[a] - places[b]);
  }
  return layer.rankOrder;
}

/** The villages to fund first among those shown. */
export function rankedList(layer, choose) {
  if (!layer.has("rank")) return make("section", {}, make("h2", {}, t("ranking")), make("p", { class: "lomsong-note" }, t("notRanked")));
  const rows = [], order = rankOrder(layer), rank = layer.table.reader("rank");
  for (let i = 0; i < order.length && rows.length < LISTED; i++) if (layer.visible[order[i]]) rows.push(order[i]);
  const items = rows.map((row) => {
    const commune = layer.value(row, "commune_name"), without = layer.value(row, "unserved_people"), p = layer.value(row, "p_signal");
    const need = without !== null ? t("nWithout", { n: count(without) }) : p !== null ? t("signalLikely", { p: percent(p) }) : null;
    return entry(layer, row, dotted([need, commune === null ? null : foreign(commune)]), choose,
      make("span", { class: "lomsong-rank" }, count(rank(row))));
  });
  return make("section", {}, make("h2", {}, t("fundFirst"), make("small", {}, " " + t("topByNeed", { n: count(rows.length) }))),
    make("ol", { class: "lomsong-list", id: "lomsong-ranked" }, ...items));
}

/** What a search compares with, made when somebody first searches. */
function searchKeys(layer) {
  if (!layer.searchKeys) {
    const readers = ["village_name", "village_id", "commune_name", "commune_code"].filter((name) => layer.has(name)).map((name) => layer.table.reader(name));
    layer.searchKeys = Array.from({ length: layer.size }, (_, row) => readers.map((read) => fold(read(row) || "")).join("\n"));
  }
  return layer.searchKeys;
}

export function search(layer, choose, state) {
  const found = make("ul", { class: "lomsong-list", id: "lomsong-found" });
  const told = make("p", { class: "lomsong-note", "aria-live": "polite" });
  const look = () => {
    state.search = box.value;
    const searching = fold(box.value) !== "", hits = searching ? findRows(searchKeys(layer), box.value) : [];
    found.replaceChildren(...hits.slice(0, FOUND).map((row) => {
      const parts = [layer.value(row, "village_id"), layer.value(row, "commune_name")].filter((part) => part !== null);
      return entry(layer, row, dotted(parts.map((part) => foreign(part))), choose, null);
    }));
    told.textContent = !searching ? "" : hits.length === 0 ? t("noneFound") :
      t("found", { n: count(hits.length) }) + (hits.length > FOUND ? t("firstShown", { n: FOUND }) : "");
  };
  const box = make("input", { type: "search", id: "lomsong-search", autocomplete: "off", spellcheck: "false", placeholder: t("findHint"), oninput: look,
    onkeydown: (event) => {
      const first = found.querySelector("button");
      if (first && (event.key === "Enter" || event.key === "ArrowDown")) {
        event.preventDefault();
        event.key === "Enter" ? first.click() : first.focus();
      }
    } });
  box.value = state.search;
  if (state.search) look();
  return make("section", { role: "search" }, make("label", { for: "lomsong-search", class: "lomsong-unseen" }, t("find")), box, told, found);
}

/** Arrow keys walk through a list of buttons. */
export function walk(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], list = event.target.closest(".lomsong-list");
  if (!step || !list) return;
  const buttons = [...list.querySelectorAll("button")], next = buttons[buttons.indexOf(event.target) + step];
  event.preventDefault();
  (next || event.target).focus();
}
