/* All villages that are shown, page by page: the map for those who do not see it. */
import { make } from "./make.js";
import { count } from "./numbers.js";
import { entry } from "./lists.js";
import { shownRows } from "./tools.js";
import { t } from "./words.js";

const PAGE = 25;

export function villageList(layer, choose) {
  let page = 0, rows = null;
  const list = make("ol", { class: "lomsong-list", id: "lomsong-all" }), told = make("p", { class: "lomsong-note", "aria-live": "polite" });
  const turn = (step) => () => {
    page += step;
    write();
  };
  const before = make("button", { type: "button", class: "lomsong-button", onclick: turn(-1) }, t("before"));
  const after = make("button", { type: "button", class: "lomsong-button", onclick: turn(1) }, t("after"));
  const box = make("details", { class: "lomsong-details", ontoggle: () => box.open && write() },
    make("summary", {}, t("allVillages")), told, list, make("div", { class: "lomsong-tools" }, before, after));

  function write() {
    rows = rows || shownRows(layer);
    page = Math.max(0, Math.min(page, Math.ceil(rows.length / PAGE) - 1));
    const begin = page * PAGE, end = Math.min(begin + PAGE, rows.length);
    list.start = begin + 1;
    list.replaceChildren(...rows.slice(begin, end).map((row) => entry(layer, row, [layer.summary(row)], choose, null)));
    told.textContent = rows.length ? t("fromTo", { from: count(begin + 1), to: count(end), size: count(rows.length) }) : t("noneFound");
    before.disabled = page === 0;
    after.disabled = end >= rows.length;
  }

  /** What is shown has changed. */
  function renew() {
    rows = null;
    page = 0;
    if (box.open) write();
  }
  return { element: box, renew };
}
