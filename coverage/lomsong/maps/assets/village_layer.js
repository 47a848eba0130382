/* Lomsong's layers for Leaflet: villages by status, masts, relief.
   Names and texts are other people's data: they reach the page as text nodes only, never as HTML. */
window.lomsong = (function () {
  "use strict";

  /* Colours: Okabe and Ito, told apart with any colour vision. Pattern and outline say the same without colour. */
  const STATUSES = {
    white: { label: "White", meaning: "no signal at the centre", fill: "#D55E00", line: "#5c2900", pattern: "cross" },
    hollow: { label: "Hollow", meaning: "gaps around the centre", fill: "#E69F00", line: "#5f4200", pattern: "dots" },
    underserved: { label: "Underserved", meaning: "signal, but too slow", fill: "#F0E442", line: "#5e5800", pattern: "level" },
    verify: { label: "Verify", meaning: "needs checking", fill: "#CC79A7", line: "#5e2846", pattern: "slant", dash: "2 4" },
    covered: { label: "Covered", meaning: "signal, speed unknown", fill: "#56B4E9", line: "#0f4a6e", pattern: "", dash: "7 3" },
    served: { label: "Served", meaning: "signal, fast enough", fill: "#0072B2", line: "#002f4a", pattern: "" },
  };
  const OTHER = { label: "Unknown", meaning: "status not known to this map", fill: "#FFFFFF", line: "#444444", pattern: "" };
  const MAST = { color: "#ffffff", weight: 1.6, opacity: 1, fillColor: "#1d1d1f", fillOpacity: 1, radius: 6 };
  /* From this many villages on, points are drawn smaller. */
  const CROWD = 300;
  const CAUSES = {
    contradiction: "the evidence contradicts itself",
    "weak evidence": "the evidence is too weak",
    "missing input": "input is missing",
  };
  const EVIDENCE = { measured: "measurements", predicted: "prediction only", both: "prediction and measurements", none: "none" };

  /* ---------- elements and numbers ---------- */

  /** Make an element; strings among the children become text. */
  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name.startsWith("on")) {
        element.addEventListener(name.slice(2), value);
      } else if (value !== null && value !== undefined && value !== false) {
        element.setAttribute(name, value === true ? "" : value);
      }
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }

  /** Foreign text: kept apart from the text around it, so that direction marks in it turn nothing else round. */
  const foreign = (text, attributes) => make("bdi", attributes, text);

  /** Look a foreign word up without finding what every object inherits. */
  const own = (table, word) => (Object.hasOwn(table, word) ? table[word] : null);

  const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
  const tenth = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
  const kilometres = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const count = (value) => whole.format(value);

  function percent(share) {
    if (share > 0 && share < 0.01) return "< 1 %";
    if (share < 1 && share > 0.99) return "> 99 %";
    return whole.format(share * 100) + " %";
  }

  function distance(metres) {
    return metres < 1000 ? whole.format(metres) + " m" : kilometres.format(metres / 1000) + " km";
  }

  /** Read the JSON that Python put beside this script, and let go of its text. */
  function data(id) {
    const element = document.getElementById(id);
    const value = JSON.parse(element.textContent);
    element.remove();
    return value;
  }

  /* ---------- one canvas for villages and masts ---------- */

  const tiles = {};
  const STROKES = {
    cross: [[0, 0, 8, 8], [0, 8, 8, 0]],
    slant: [[-2, 2, 2, -2], [0, 8, 8, 0], [6, 10, 10, 6]],
    level: [[0, 4, 8, 4]],
  };

  function patternTile(name, colour) {
    if (tiles[name]) return tiles[name];
    const tile = make("canvas", { width: 8, height: 8 });
    const pen = tile.getContext("2d");
    pen.strokeStyle = pen.fillStyle = colour;
    pen.globalAlpha = 0.5;
    pen.lineWidth = 0.9;
    for (const [x0, y0, x1, y1] of STROKES[name] || []) {
      pen.beginPath();
      pen.moveTo(x0, y0);
      pen.lineTo(x1, y1);
      pen.stroke();
    }
    if (name === "dots") {
      for (const [x, y] of [[2, 2], [6, 6]]) {
        pen.beginPath();
        pen.arc(x, y, 1.3, 0, 7);
        pen.fill();
      }
    }
    tiles[name] = tile;
    return tile;
  }

  const Canvas = L.Canvas.extend({
    _fillStroke(pen, layer) {
      L.Canvas.prototype._fillStroke.call(this, pen, layer);
      if (layer.options.pattern) {
        pen.globalAlpha = 1;
        pen.fillStyle = pen.createPattern(patternTile(layer.options.pattern, layer.options.color), "repeat");
        pen.fill("evenodd");
      }
    },
    _updateMast(layer) {
      if (!this._drawing || layer._empty()) return;
      const pen = this._ctx, { x, y } = layer._point, r = layer._radius;
      pen.beginPath();
      pen.moveTo(x, y - r);
      pen.lineTo(x + r * 0.87, y + r * 0.75);
      pen.lineTo(x - r * 0.87, y + r * 0.75);
      pen.closePath();
      this._fillStroke(pen, layer);
    },
  });

  const Mast = L.CircleMarker.extend({
    _updatePath() {
      this._renderer._updateMast(this);
    },
  });

  /* Two canvases would hide each other from the mouse, so all our layers of a map share one. It lies below Leaflet's
     own pane for shapes, where other layers of the map stay clickable. */
  function rendererOf(map) {
    if (!map.lomsongCanvas) {
      map.createPane("lomsong").style.zIndex = 390;
      map.lomsongCanvas = new Canvas({ pane: "lomsong", padding: 0.4, tolerance: L.Browser.mobile ? 6 : 2 });
    }
    return map.lomsongCanvas;
  }

  const Group = L.FeatureGroup.extend({
    onAdd(map) {
      for (const layer of this.every || this.getLayers()) layer.options.renderer = rendererOf(map);
      L.FeatureGroup.prototype.onAdd.call(this, map);
      map.fire("lomsong:order");
    },
  });

  /** Whatever is switched on last, masts stay above villages. */
  function keepOnTop(group) {
    group.on("add", () => group._map.on("lomsong:order", group.bringToFront, group));
    group.on("remove", () => group._map && group._map.off("lomsong:order", group.bringToFront, group));
    return group;
  }

  /* ---------- shapes ---------- */

  function latLngs(ring, steps) {
    const points = new Array(ring.length / 2);
    let x = 0, y = 0;
    for (let i = 0; i < points.length; i++) {
      x += ring[2 * i];
      y += ring[2 * i + 1];
      points[i] = new L.LatLng(y / steps, x / steps);
    }
    return points;
  }

  const latLng = (point, steps) => new L.LatLng(point[1] / steps, point[0] / steps);

  function styleOf(status) {
    const look = STATUSES[status] || OTHER;
    return { color: look.line, weight: 1.2, opacity: 0.9, dashArray: look.dash || null, fillColor: look.fill,
      fillOpacity: 0.8, pattern: look.pattern };
  }

  function drawShape(shape, steps, style, radius) {
    if (typeof shape[0] === "number") {
      return new L.CircleMarker(latLng(shape, steps), { ...style, radius, weight: 1.6, fillOpacity: 0.9 });
    }
    return new L.Polygon(shape.map((part) => part.map((ring) => latLngs(ring, steps))), style);
  }

  /** Show a name under the mouse. A finger has no hover, and would leave the name standing. */
  function name(path, words) {
    if (window.matchMedia("(hover: hover)").matches) {
      path.bindTooltip(() => foreign(words(), { class: "lomsong-tip" }), { sticky: true });
    }
    path.on("click", (event) => {
      L.DomEvent.stopPropagation(event);
      path.closeTooltip();
    });
  }

  /** The map of a layer, also while the layer is switched off. */
  const mapOf = (group) => group.map || group._map;

  /* ---------- layers ---------- */

  /** The villages: a feature group with `rows`, `value`, `show`, `select`, `goTo` and `centre` on top. */
  function villages(contents) {
    const steps = contents.steps_per_degree, columns = contents.columns, size = contents.shapes.length;
    const group = new Group();
    group.size = size;
    group.value = (row, name) => (columns[name] ? columns[name][row] : null);
    group.has = (name) => name in columns;
    group.drawn = contents.shapes.map((shape, row) => {
      if (!shape) return null;
      const path = drawShape(shape, steps, styleOf(group.value(row, "status")), size > CROWD ? 6 : 8);
      name(path, () => group.title(row));
      path.on("click", (event) => group.open(row, event.latlng));
      return path;
    });
    group.every = group.drawn.filter((path) => path);
    group.every.forEach((path) => group.addLayer(path));

    group.title = (row) => group.value(row, "village_name") || group.value(row, "village_id");
    group.centre = (row) => (contents.centres[row] ? latLng(contents.centres[row], steps) : null);

    group.show = (wanted) => {
      group.drawn.forEach((path, row) => {
        if (path && wanted(row) !== group.hasLayer(path)) group[wanted(row) ? "addLayer" : "removeLayer"](path);
      });
      if (group._map) group._map.fire("lomsong:order");
    };

    group.select = (row) => {
      if (group.selected) group.selected.setStyle({ weight: group.selected.resting });
      group.selected = row === null ? null : group.drawn[row];
      if (group.selected) {
        group.selected.resting = group.selected.resting || group.selected.options.weight;
        group.selected.setStyle({ weight: 4 });
        if (group.hasLayer(group.selected)) group.selected.bringToFront();
        mapOf(group).fire("lomsong:order");
      }
    };

    group.open = (row, where) => {
      const map = mapOf(group);
      openCard(map, where || group.centre(row) || map.getCenter(), describeVillage(group, row), () => group.select(null));
      group.select(row);
    };

    /* Flying takes time; a second choice on the way replaces the first. */
    group.goTo = (row) => {
      const map = mapOf(group), path = group.drawn[row], choice = (group.choice = {});
      map.closePopup();
      if (!path) return group.open(row);
      map.once("moveend", () => {
        if (group.choice === choice) group.open(row);
      });
      const bounds = path.getBounds ? path.getBounds() : path.getLatLng().toBounds(1500);
      const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
      map[calm ? "fitBounds" : "flyToBounds"](bounds, { maxZoom: 14, padding: [40, 40], duration: 0.7, animate: !calm });
    };

    group.on("add", () => {
      group.map = group._map;
    });
    return group;
  }

  function masts(contents) {
    const group = new Group();
    contents.points.forEach((point, row) => {
      const mast = new Mast(latLng(point, contents.steps_per_degree), MAST);
      name(mast, () => contents.sites[row].join(", "));
      mast.on("click", () => {
        openCard(group._map, mast.getLatLng(), describeMast(contents.sites[row], contents.carriers[row]), () => {});
      });
      group.addLayer(mast);
    });
    return keepOnTop(group);
  }

  /* The relief lies over the villages and only darkens them, as hills shade a printed map. */
  const Relief = L.ImageOverlay.extend({
    onAdd(map) {
      if (!map.getPane("lomsong-relief")) {
        const pane = map.createPane("lomsong-relief");
        pane.style.zIndex = 395;
        pane.style.mixBlendMode = "multiply";
        pane.style.pointerEvents = "none";
      }
      L.ImageOverlay.prototype.onAdd.call(this, map);
    },
  });

  function relief(contents) {
    const [south, west, north, east] = contents.bounds;
    return new Relief(contents.picture, [[south, west], [north, east]], { pane: "lomsong-relief", className: "lomsong-relief" });
  }

  /* ---------- what popups say ---------- */

  /** Where a popup may not lie; a narrow map has no such room and hides the controls instead. */
  function roomForControls(map) {
    if (map.getSize().x < 700) return { autoPanPadding: [12, 12] };
    return { autoPanPaddingTopLeft: [58, 12], autoPanPaddingBottomRight: [124, 12] };
  }

  /** Open a popup, put the keyboard into it, and give the keyboard back when it closes. */
  function openCard(map, where, card, onClose) {
    const before = document.activeElement;
    card.addEventListener("keydown", (event) => {
      if (event.key === "Escape") map.closePopup();
    });
    const { x: wide, y: high } = map.getSize();
    L.popup({ maxWidth: Math.min(340, wide - 60), minWidth: Math.min(280, wide - 60), className: "lomsong-popup",
      maxHeight: Math.max(180, high - 110), ...roomForControls(map) })
      .setLatLng(where)
      .setContent(card)
      .on("remove", () => {
        map.getContainer().classList.remove("lomsong-reading");
        onClose();
        if (card.contains(document.activeElement)) before.focus({ preventScroll: true });
      })
      .openOn(map);
    map.getContainer().classList.add("lomsong-reading");
    card.focus({ preventScroll: true });
  }

  function swatch(status) {
    const look = STATUSES[status] || OTHER, ratio = window.devicePixelRatio || 1, wide = 26, high = 16;
    const box = make("canvas", { class: "lomsong-swatch", width: wide * ratio, height: high * ratio, "aria-hidden": "true" });
    const pen = box.getContext("2d");
    pen.scale(ratio, ratio);
    pen.rect(1, 1, wide - 2, high - 2);
    pen.fillStyle = look.fill;
    pen.fill();
    if (look.pattern) {
      pen.fillStyle = pen.createPattern(patternTile(look.pattern, look.line), "repeat");
      pen.fill();
    }
    pen.setLineDash((look.dash || "").split(" ").filter(Boolean).map(Number));
    pen.strokeStyle = look.line;
    pen.lineWidth = 1.6;
    pen.stroke();
    return box;
  }

  function fact(list, term, words, known = words !== null) {
    list.append(make("dt", {}, term), make("dd", known ? {} : { class: "lomsong-unknown" }, known ? words : "not known"));
  }

  /** Apply `say` to a cell, or return null where the cell is empty. */
  const said = (value, say) => (value === null || value === undefined ? null : say(value));

  function speed(group, row) {
    const cell = (name) => group.value(row, name);
    const middle = cell("download_mbps"), low = cell("download_low_mbps"), high = cell("download_high_mbps");
    const parts = [];
    if (middle !== null) parts.push(tenth.format(middle) + " Mbit/s");
    if (low !== null && high !== null) parts.push("80 % interval " + tenth.format(low) + " to " + tenth.format(high));
    const tests = cell("mobile_tests");
    if (tests === 0) parts.push("no tests here");
    else if (tests !== null) parts.push(count(tests) + (tests === 1 ? " test" : " tests"));
    return parts.length ? parts.join(", ") : null;
  }

  function fixedLine(group, row) {
    const line = group.value(row, "fixed_line"), rate = group.value(row, "fixed_download_mbps");
    if (line !== "present") return null;
    return "present" + (rate === null ? "" : ", " + tenth.format(rate) + " Mbit/s");
  }

  function people(group, row) {
    const residents = group.value(row, "population"), homes = group.value(row, "households");
    const parts = [said(residents, (n) => count(n) + " people"), said(homes, (n) => count(n) + " households")];
    return parts.filter(Boolean).join(", ") || null;
  }

  function standing(group, row) {
    const rank = group.value(row, "rank");
    if (rank === null) return null;
    const parts = [["need_people", "People"], ["need_severity", "Severity"], ["need_isolation", "Isolation"]];
    const bars = make("dl", { class: "lomsong-parts" });
    for (const [name, label] of parts) {
      const score = group.value(row, name);
      if (score === null) continue;
      const bar = make("span", { class: "lomsong-bar", "aria-hidden": "true" }, make("i"));
      bar.firstChild.style.width = Math.max(0, Math.min(100, score)) + "%";
      bars.append(make("dt", {}, label), make("dd", {}, bar, whole.format(score)));
    }
    return make("section", {},
      make("h3", {}, "Rank " + count(rank) + " of " + count(group.size),
        said(group.value(row, "need"), (need) => make("small", {}, " need " + tenth.format(need) + " of 100"))),
      bars.children.length ? bars : null);
  }

  function describeVillage(group, row) {
    const cell = (name) => group.value(row, name);
    const look = STATUSES[cell("status")] || OTHER;
    const places = ["commune_name", "district_name", "province_name"].map(cell).filter((name) => name !== null);
    const cause = cell("verify_cause");
    const facts = make("dl", { class: "lomsong-facts" });
    fact(facts, "Signal at the centre", said(cell("p_signal"), (p) => percent(p) + " likely"));
    fact(facts, "People with signal", said(cell("covered_share"), percent));
    fact(facts, "Lives here", people(group, row));
    fact(facts, "Without signal", said(cell("unserved_people"), (n) => "about " + count(n) + " people"));
    fact(facts, "Nearest mast", said(cell("nearest_site_m"), distance));
    fact(facts, "Mobile download", speed(group, row));
    fact(facts, "Fixed line", fixedLine(group, row));
    fact(facts, "Grid power", said(cell("grid_power"), (on) => (on ? "yes" : "no")));
    fact(facts, "Fund area", said(cell("fund_eligible"), (on) => (on ? "yes" : "no")));
    fact(facts, "Evidence", said(cell("evidence"), (kind) => own(EVIDENCE, kind) || foreign(kind)));
    fact(facts, "Confidence", said(cell("confidence"), percent));
    return make("article", { class: "lomsong-card", tabindex: "-1" },
      make("h2", {}, foreign(group.title(row))),
      make("p", { class: "lomsong-place" }, foreign(cell("village_id")),
        ...places.flatMap((name) => [" · ", foreign(name)])),
      make("p", { class: "lomsong-status" }, swatch(cell("status")), make("strong", {}, look.label),
        make("span", {}, own(CAUSES, cause) || look.meaning)),
      said(cell("reasons"), (words) => make("p", { class: "lomsong-reasons" }, foreign(words))),
      facts,
      standing(group, row));
  }

  function describeMast(sites, carriers) {
    const facts = make("dl", { class: "lomsong-facts" });
    for (const [operator, technologies] of carriers) {
      facts.append(make("dt", {}, operator ? foreign(operator) : "operator not known"),
        make("dd", {}, foreign(technologies.map((name) => name.toUpperCase()).join(", "))));
    }
    return make("article", { class: "lomsong-card", tabindex: "-1" },
      make("h2", {}, sites.length === 1 ? "Site " : "Sites ", foreign(sites.join(", "))), facts);
  }

  return { STATUSES, OTHER, data, villages, masts, relief, make, foreign, count, percent, swatch };
})();
