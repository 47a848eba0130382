/* The panel beside the map: what the map shows, in counts, as a list and by search. Foreign text goes in as text. */
(function () {
  "use strict";
  const { STATUSES, OTHER, make, foreign, count, percent, swatch } = lomsong;
  const LISTED = 20, FOUND = 12;

  /** Lower case without diacritics; the Vietnamese đ becomes d. The same as `lomsong.text.fold`. */
  const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[đĐ]/g, "d").toLowerCase().replace(/\s+/g, " ").trim();

  /** Leaflet writes the names of layers as HTML; these characters must not mean anything there. */
  const asHtml = (text) => text.replace(/[&<>"']/g, (mark) => "&#" + mark.charCodeAt(0) + ";");

  function people(number) {
    return count(number) + (Math.round(number) === 1 ? " person" : " people");
  }

  /* ---------- legend ---------- */

  function tally(layer) {
    const rows = {};
    for (let row = 0; row < layer.size; row++) {
      const status = layer.value(row, "status"), residents = layer.value(row, "population");
      const sum = (rows[status] = rows[status] || { villages: 0, people: 0, unknown: 0 });
      sum.villages += 1;
      sum.people += residents || 0;
      sum.unknown += residents === null ? 1 : 0;
    }
    return rows;
  }

  function legend(layer, sums) {
    const hidden = new Set();
    const toggle = (status) => (event) => {
      hidden[event.target.checked ? "delete" : "add"](status);
      layer.show((row) => !hidden.has(layer.value(row, "status")));
    };
    const names = [...new Set([...Object.keys(STATUSES), ...Object.keys(sums)])];
    const rows = names.map((status) => {
      const look = STATUSES[status] || OTHER, sum = sums[status] || { villages: 0, people: 0, unknown: 0 };
      const known = sum.unknown < sum.villages || sum.villages === 0;
      const box = make("input", { type: "checkbox", onchange: toggle(status), disabled: sum.villages === 0 });
      box.checked = sum.villages > 0;
      return make("tr", sum.villages ? {} : { class: "lomsong-none" },
        make("th", { scope: "row" },
          make("label", {}, box, swatch(status), make("span", {}, make("b", {}, look.label), make("small", {}, look.meaning)))),
        make("td", {}, count(sum.villages)),
        make("td", {}, known ? count(sum.people) : "?"));
    });
    const unknown = Object.values(sums).reduce((total, sum) => total + sum.unknown, 0);
    return make("section", {},
      make("h2", {}, "Status"),
      make("table", { class: "lomsong-legend" },
        make("thead", {}, make("tr", {}, make("td"), make("th", { scope: "col" }, "Villages"), make("th", { scope: "col" }, "People"))),
        make("tbody", {}, ...rows)),
      unknown ? make("p", { class: "lomsong-note" }, "Population not known in " + count(unknown) + (unknown === 1 ? " village." : " villages.")) : null);
  }

  function headline(layer, sums) {
    const dark = sums.white || { villages: 0, people: 0 };
    return make("p", { class: "lomsong-headline" }, make("strong", {}, count(dark.villages)),
      " of " + count(layer.size) + (layer.size === 1 ? " village" : " villages") + " without signal" +
      (dark.people > 0 ? ", home to " + people(dark.people) : ""));
  }

  /* ---------- lists ---------- */

  function entry(layer, row, details, choose, lead) {
    const status = layer.value(row, "status"), look = STATUSES[status] || OTHER;
    return make("li", {}, make("button", { type: "button", onclick: () => choose(row) },
      lead,
      make("span", { class: "lomsong-entry" },
        make("span", { class: "lomsong-name" }, foreign(layer.title(row))),
        make("span", { class: "lomsong-detail" }, ...details)),
      swatch(status), make("span", { class: "lomsong-unseen" }, look.label)));
  }

  function rankedList(layer, choose) {
    const rows = [...Array(layer.size).keys()].filter((row) => layer.value(row, "rank") !== null)
      .sort((a, b) => layer.value(a, "rank") - layer.value(b, "rank")).slice(0, LISTED);
    if (!rows.length) return make("section", {}, make("h2", {}, "Ranking"), make("p", { class: "lomsong-note" }, "These villages have not been ranked."));
    const items = rows.map((row) => {
      const commune = layer.value(row, "commune_name"), without = layer.value(row, "unserved_people"), p = layer.value(row, "p_signal");
      const need = without !== null ? count(without) + " without signal" : p !== null ? "signal " + percent(p) + " likely" : null;
      const details = [need, commune === null ? null : foreign(commune)].filter(Boolean);
      return entry(layer, row, details.flatMap((part, i) => (i ? [" · ", part] : [part])), choose,
        make("span", { class: "lomsong-rank" }, count(layer.value(row, "rank"))));
    });
    return make("section", {}, make("h2", {}, "Fund first", make("small", {}, " top " + count(rows.length) + " by need")),
      make("ol", { class: "lomsong-list", id: "lomsong-ranked" }, ...items));
  }

  function search(layer, choose) {
    const keys = [...Array(layer.size).keys()].map((row) =>
      fold(["village_name", "village_id", "commune_name", "commune_code"].map((name) => layer.value(row, name) || "").join(" ")));
    const names = keys.map((_, row) => fold(layer.title(row)));
    const found = make("ul", { class: "lomsong-list", id: "lomsong-found" });
    const told = make("p", { class: "lomsong-note", "aria-live": "polite" });
    const look = (event) => {
      const words = fold(event.target.value).split(" ").filter(Boolean);
      const hits = words.length ? [...keys.keys()].filter((row) => words.every((word) => keys[row].includes(word))) : [];
      const order = (row) => (names[row] === words.join(" ") ? 0 : names[row].startsWith(words[0]) ? 1 : 2);
      hits.sort((a, b) => order(a) - order(b) || a - b);
      found.replaceChildren(...hits.slice(0, FOUND).map((row) => {
        const parts = [layer.value(row, "village_id"), layer.value(row, "commune_name")].filter((part) => part !== null);
        return entry(layer, row, parts.flatMap((part, i) => (i ? [" · ", foreign(part)] : [foreign(part)])), choose, null);
      }));
      told.textContent = !words.length ? "" : hits.length === 0 ? "No village found." :
        count(hits.length) + " found" + (hits.length > FOUND ? ", the first " + FOUND + " shown" : "");
    };
    const box = make("input", { type: "search", id: "lomsong-search", autocomplete: "off", spellcheck: "false", placeholder: "Name, commune or code", oninput: look,
      onkeydown: (event) => {
        const first = found.querySelector("button");
        if (first && (event.key === "Enter" || event.key === "ArrowDown")) {
          event.preventDefault();
          event.key === "Enter" ? first.click() : first.focus();
        }
      } });
    return make("section", { role: "search" }, make("label", { for: "lomsong-search", class: "lomsong-unseen" }, "Find a village"), box, told, found);
  }

  /* ---------- frame ---------- */

  /** Arrow keys walk through a list of buttons. */
  function walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], list = event.target.closest(".lomsong-list");
    if (!step || !list) return;
    const buttons = [...list.querySelectorAll("button")], next = buttons[buttons.indexOf(event.target) + step];
    event.preventDefault();
    (next || event.target).focus();
  }

  function panel(map, layer, labels) {
    const narrow = window.matchMedia("(max-width: 700px)"), sums = tally(layer);
    const page = document.body, open = () => !page.classList.contains("lomsong-closed");
    const body = make("div", { class: "lomsong-body", id: "lomsong-body" });
    const handle = make("button", { type: "button", class: "lomsong-handle", "aria-controls": "lomsong-body", onclick: () => collapse(open()) });

    function collapse(closed) {
      page.classList.toggle("lomsong-closed", closed);
      handle.setAttribute("aria-expanded", String(!closed));
      handle.setAttribute("aria-label", closed ? "Show the panel" : "Hide the panel");
      map.invalidateSize({ animate: false });
    }
    function choose(row) {
      if (narrow.matches) collapse(true);
      layer.goTo(row);
    }

    const name = foreign(labels.name);
    body.append(headline(layer, sums), search(layer, choose), legend(layer, sums), rankedList(layer, choose));
    const side = make("aside", { class: "lomsong-panel", "aria-label": "Villages" },
      make("header", {}, make("div", {}, make("p", { class: "lomsong-kind" }, "Mobile coverage gaps"), make("h1", {}, name)), handle), body);
    side.addEventListener("keydown", (event) => {
      walk(event);
      if (event.key === "Escape") map.closePopup();
    });
    page.prepend(side);
    page.classList.add("lomsong-page");
    if (labels.synthetic) {
      page.classList.add("lomsong-synthetic");
      page.prepend(make("p", { class: "lomsong-banner", role: "note" }, make("strong", {}, "SYNTHETIC DATA"), " made up, not a real place"));
    }
    document.documentElement.lang = "en";
    map.getContainer().setAttribute("aria-label", "Map of the villages; the panel lists and finds them");
    map.getContainer().setAttribute("role", "region");
    collapse(narrow.matches);
    furnish(map, labels);
    const bounds = layer.getBounds();
    if (bounds.isValid()) map.fitBounds(bounds, { animate: false, maxZoom: 14, padding: [16, 16] });
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
  function layerControl(map, layers) {
    const control = L.control.layers({}, {}, { collapsed: map.getSize().x < 700, position: "topright" });
    layers.forEach(([name, layer, isOverlay]) => control[isOverlay ? "addOverlay" : "addBaseLayer"](layer, asHtml(name)));
    if (layers.length) control.addTo(map);
  }

  Object.assign(lomsong, { panel, layerControl });
})();
