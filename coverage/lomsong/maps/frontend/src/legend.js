/* The legend: what the colours mean, and how many villages and people that is. */
import { swatch } from "./looks.js";
import { make } from "./make.js";
import { count, people } from "./numbers.js";
import { t } from "./words.js";

/** Villages and people by class; `shown(row)` says which count. */
export function tally(layer, classOf, size, shown) {
  const sums = Array.from({ length: size }, () => ({ villages: 0, people: 0, unknown: 0 }));
  const residents = layer.table.reader("population");
  for (let row = 0; row < layer.size; row++) {
    if (!shown(row)) continue;
    const sum = sums[classOf(row)], number = residents(row);
    sum.villages += 1;
    if (number === null) sum.unknown += 1;
    else sum.people += number;
  }
  return sums;
}

export function headline(layer, sum) {
  const size = count(layer.size);
  return make("p", { class: "lomsong-headline" }, make("strong", {}, count(sum.villages)),
    " " + t(layer.size === 1 ? "headlineOne" : "headline", { n: size }) + (sum.people > 0 ? t("homeTo", { people: people(sum.people) }) : ""));
}

/** A table of classes with a tick box each; `sums` says how much there is, `hidden` which are unticked. */
export function legend(title, classes, sums, hidden, onToggle) {
  const rows = classes.map((each, i) => {
    const sum = sums[i], known = sum.unknown < sum.villages || sum.villages === 0;
    const box = make("input", { type: "checkbox", disabled: sum.villages === 0 && !hidden.has(i), onchange: () => onToggle(i, box.checked) });
    box.checked = !hidden.has(i) && sum.villages > 0;
    return make("tr", sum.villages ? {} : { class: "lomsong-none" },
      make("th", { scope: "row" },
        make("label", {}, box, swatch(each.look), make("span", {}, make("b", {}, each.label), each.meaning ? make("small", {}, each.meaning) : null))),
      make("td", {}, count(sum.villages)),
      make("td", {}, known ? count(sum.people) : "?"));
  });
  const unknown = sums.reduce((total, sum) => total + sum.unknown, 0);
  return make("section", {},
    make("h2", {}, title),
    make("table", { class: "lomsong-legend" },
      make("thead", {}, make("tr", {}, make("td"), make("th", { scope: "col" }, t("villages")), make("th", { scope: "col" }, t("peopleColumn")))),
      make("tbody", {}, ...rows)),
    unknown ? make("p", { class: "lomsong-note" }, t(unknown === 1 ? "populationUnknownOne" : "populationUnknown", { n: count(unknown) })) : null);
}
