/* What a mast's popup says. */
import { foreign, make } from "./make.js";
import { t } from "./words.js";

const ORDER = ["2g", "3g", "4g", "5g"];

export function describeMast(layer, place) {
  const rows = layer.sectorsAt(place), carriers = new Map();
  for (const row of rows) {
    const operator = layer.table.value(row, "operator") || "";
    if (!carriers.has(operator)) carriers.set(operator, new Set());
    carriers.get(operator).add(layer.table.value(row, "technology") || "");
  }
  const facts = make("dl", { class: "lomsong-facts" });
  for (const operator of [...carriers.keys()].sort()) {
    const technologies = [...carriers.get(operator)].sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b) || (a < b ? -1 : 1));
    facts.append(make("dt", {}, operator ? foreign(operator) : t("operatorNotKnown")),
      make("dd", {}, foreign(technologies.map((name) => name.toUpperCase()).join(", "))));
  }
  const sites = layer.siteIds(place).filter((id) => id !== null);
  if (!sites.length) return [make("h2", {}, t("masts")), make("p", {}, t("blurred")), facts];
  return [make("h2", {}, t(sites.length === 1 ? "site" : "sites") + " ", foreign(layer.title(place))), facts];
}
