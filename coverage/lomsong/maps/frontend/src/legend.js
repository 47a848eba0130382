/* The legend: what the colours mean, and how many villages and people that is. */
import { swatch } from "./looks.js";
import { make } from "./make.js";
import { count, people } from "./numbers.js";
import { t } from "./words.js";

/** Villages and people by class, of the rows that pass the filters. */
export function tally(layer, size, passes) {
  const sums = Array.from({ length: size }, () => ({ villages: 0, people: 0, unknown: 0 }));
  const residents = layer.table.residents();
  for (let row = 0; row < layer.size; row++) {
    if (!passes[row]) continue;
    const sum = sums[layer.style[row]], number = residents(row);
    sum.villages += 1;
    if (number === null) sum.unknown += 1;
    else sum.people += number;
  }
  return sums;
}

export function headline(layer) {
  const status = layer.table.reader("status"), residents = layer.table.residents();
  let villages = 0, persons = 0;
  for (let row = 0; row < layer.size; row++) {
    if (status(row) !== "white") continue;
    villages += 1;
    persons += residents(row) || 0;
  }
  return make("p", { class: "lomsong-headline" }, make("strong", {}, count(villages)),
    " " + t(layer.size === 1 ? "headlineOne" : "headline", { n: count(layer.size) }) + (persons > 0 ? t("homeTo", { people: people(persons) }) : ""));
}

/** A table of classes with a tick box each; `hidden` are the unticked ones. `fill` writes the counts. */
export function legend(classes, hidden, onToggle) {
  const cells = classes.map((each, i) => {
    const box = make("input", { type: "checkbox", onchange: () => onToggle(i, box.checked) });
    const villages = make("td"), persons = make("td");
    const row = make("tr", {},
      make("th", { scope: "row" }, make("label", {}, box, swatch(each.look),
        make("span", {}, make("b", {}, t(each.key)), each.meaning ? make("small", {}, t(each.meaning)) : null))),
      villages, persons);
    return { box, villages, persons, row, spare: each.spare };
  });
  const note = make("p", { class: "lomsong-note" });
  const table = make("table", { class: "lomsong-legend" },
    make("thead", {}, make("tr", {}, make("td"), make("th", { scope: "col" }, t("villages")), make("th", { scope: "col" }, t("peopleColumn")))),
    make("tbody", {}, ...cells.map((cell) => cell.row)));

  function fill(sums) {
    cells.forEach(({ box, villages, persons, row, spare }, i) => {
      const sum = sums[i], known = sum.unknown < sum.villages || sum.villages === 0;
      row.classList.toggle("lomsong-none", sum.villages === 0);
      row.hidden = Boolean(spare) && sum.villages === 0;
      box.disabled = sum.villages === 0 && !hidden.has(i);
      box.checked = !hidden.has(i) && sum.villages > 0;
      villages.textContent = count(sum.villages);
      persons.textContent = known ? count(sum.people) : "?";
    });
    const unknown = sums.reduce((total, sum) => total + sum.unknown, 0);
    note.textContent = unknown ? t(unknown === 1 ? "populationUnknownOne" : "populationUnknown", { n: count(unknown) }) : "";
  }
  return { element: make("div", {}, table, note), fill };
}
