/* The filters: which villages are looked at. */
import { fold } from "./fold.js";
import { foreign, make } from "./make.js";
import { t } from "./words.js";

export const noFilters = () => ({ operator: "", technology: "", signal: "", from: "", to: "", power: "", commune: "" });

export const isFiltering = (filters) => Object.values(filters).some((value) => value !== "");

/** A test of rows for some filters, or null where nothing is filtered. Percentages come from the service table. */
export function rowTest(layer, filters) {
  const tests = [], table = layer.table, number = (text) => (text === "" ? null : Number(text));
  const from = number(filters.from), to = number(filters.to), people = table.residents();
  if (from !== null) tests.push((row) => people(row) !== null && people(row) >= from);
  if (to !== null) tests.push((row) => people(row) !== null && people(row) <= to);
  if (filters.power) {
    const power = table.reader("grid_power");
    tests.push((row) => power(row) === (filters.power === "yes"));
  }
  if (filters.commune) {
    const wanted = fold(filters.commune), name = table.reader("commune_name"), code = table.reader("commune_code");
    const known = new Map(), folded = (text) => known.get(text) ?? (known.set(text, fold(text)), known.get(text));
    tests.push((row) => folded(name(row) || "").includes(wanted) || (code(row) || "") === filters.commune.trim());
  }
  if (filters.signal && (filters.operator || filters.technology)) {
    const operator = filters.operator || "any", technology = filters.technology || "any";
    const found = layer.services.find((each) => each.operator === operator && each.technology === technology);
    if (found) tests.push((row) => found.percent[row] !== 255 && found.percent[row] >= 50 === (filters.signal === "with"));
    else tests.push(() => false);
  }
  return tests.length ? (row) => tests.every((test) => test(row)) : null;
}

/** The form; `change` is called after each change of `filters`. */
export function filterForm(layer, filters, change) {
  const set = (name) => (event) => {
    filters[name] = event.target.value;
    change();
  };
  const line = (key, control) => make("label", { class: "lomsong-field" }, make("span", {}, t(key)), control);
  function choice(name, options) {
    const select = make("select", { onchange: set(name) }, ...options.map(([value, words]) => make("option", { value }, words)));
    select.value = filters[name];
    return select;
  }
  const entry = (name, type, extra) => {
    const input = make("input", { type, ...extra, oninput: set(name) });
    input.value = filters[name];
    return input;
  };
  const form = make("form", { class: "lomsong-filters", onsubmit: (event) => event.preventDefault() });
  const operators = [...new Set(layer.services.map((each) => each.operator))].filter((name) => name !== "any");
  const technologies = [...new Set(layer.services.map((each) => each.technology))].filter((name) => name !== "any").sort();
  if (operators.length) {
    form.append(
      line("filterOperator", choice("operator", [["", t("anyOperator")], ...operators.map((name) => [name, foreign(name).textContent])])),
      line("filterTechnology", choice("technology", [["", t("any")], ...technologies.map((name) => [name, name.toUpperCase()])])),
      line("filterSignal", choice("signal", [["", t("any")], ["with", t("with")], ["without", t("without")]])));
  }
  if (layer.has("population") || layer.has("people")) {
    form.append(make("div", { class: "lomsong-field" }, make("span", {}, t("filterPeople")), make("span", { class: "lomsong-range" },
      entry("from", "number", { min: 0, "aria-label": t("filterPeopleFrom") }), entry("to", "number", { min: 0, "aria-label": t("filterPeopleTo") }))));
  }
  if (layer.has("grid_power")) form.append(line("gridPower", choice("power", [["", t("any")], ["yes", t("yes")], ["no", t("no")]])));
  if (layer.has("commune_name") || layer.has("commune_code")) {
    form.append(line("filterCommune", entry("commune", "search", { placeholder: t("filterCommuneHint"), autocomplete: "off" })));
  }
  form.append(make("button", { type: "button", class: "lomsong-button", onclick: () => {
    Object.assign(filters, noFilters());
    form.querySelectorAll("input, select").forEach((control) => (control.value = ""));
    change();
  } }, t("clear")));
  return form;
}
