/* The villages: one canvas layer with a table. */
import { CanvasGrid } from "./canvas_grid.js";
import { openCard } from "./card.js";
import { restOf } from "./chunks.js";
import { OTHER, patternTile, STATUSES } from "./looks.js";
import { dotted, foreign, make, own } from "./make.js";
import { colourPixels, drawPixels, findOwners, pixelColours } from "./mosaic.js";
import { people, percent } from "./numbers.js";
import { readDeltas, unpack } from "./pack.js";
import { answerMouse } from "./picking.js";
import { register } from "./ready.js";
import { Shapes, toDegrees, toSteps } from "./shapes.js";
import { Table, textReader } from "./table.js";
import { findThemes } from "./themes.js";
import { describeVillage } from "./village_card.js";
import { has, t } from "./words.js";

/* A path of more shapes than this takes longer than two paths. */
const BATCH = 128;
/* From this many villages on, points are drawn smaller. */
const CROWD = 300;
/* Side of the rectangle that stands for a tiny village, as part of its box: so that boxes hide no neighbour. */
const TINY_FILL = 0.85;
/* Below this size of a usual village, borders and patterns would cover it. [pixel] */
const BORDER_PX = 6, PATTERN_PX = 14;

export const Villages = CanvasGrid.extend({
  pickOrder: 0,

  /* `twin`: another layer whose villages these are, coloured in their own way */
  initialize(name, twin) {
    CanvasGrid.prototype.initialize.call(this, { pane: "lomsong" });
    if (twin) {
      const { table, shapes, size, radius, usualSize, looks } = twin;
      Object.assign(this, { twin, table, shapes, size, radius, usualSize, looks, style: new Uint8Array(size), visible: new Uint8Array(size), loaded: true });
      return;
    }
    this.table = new Table();
    this.size = 0;
    this.looks = [OTHER];
    this.ready = register(this.load(name));
  },

  async load(name) {
    const pack = await unpack(name + "_first");
    this.table.add(pack);
    this.shapes = this.shapesOf(pack);
    this.size = this.table.rows;
    this.style = new Uint8Array(this.size);
    this.visible = new Uint8Array(this.size).fill(1);
    this.radius = this.size > CROWD ? 5 : 8;
    this.usualSize = this.findUsualSize();
    this.services = pack.meta.service.map(([operator, technology], i) => ({ operator, technology, percent: pack.arrays["service" + i] }));
    const { classes, classOf } = findThemes(this.table).status;
    this.loaded = true;
    this.paintBy(classes.map((each) => each.look), classOf);
    restOf(this, name + "_later", () => register(unpack(name + "_later").then((rest) => rest && this.addRest(rest))));
  },

  shapesOf: (pack) => new Shapes(pack.arrays),

  addRest(pack) {
    this.table.add(pack);
    const rows = readDeltas(pack.arrays.picture_rows), read = textReader(pack.arrays["picture.sizes"], pack.arrays["picture.bytes"]);
    this.pictures = new Map(Array.from(rows, (row, i) => [row, () => read(i)]));
  },

  /** The SVG of a village's terrain profile, null where there is none. */
  picture(row) {
    return this.pictures && this.pictures.has(row) ? this.pictures.get(row)() : null;
  },

  /* Leaflet makes panes on demand only for those it knows */
  onAdd(map) {
    if (!map.getPane("lomsong")) map.createPane("lomsong").style.zIndex = 390;
    this.map = map;
    if (!this.twin) map.lomsongVillages = this;
    CanvasGrid.prototype.onAdd.call(this, map);
  },

  value(row, name) {
    return this.table.value(row, name);
  },

  has(name) {
    return this.table.has(name);
  },

  title(row) {
    return this.value(row, "village_name") || this.value(row, "village_id");
  },

  /** A line about a village for lists. */
  summary(row) {
    const chance = this.value(row, "p_signal"), persons = this.table.residents()(row), commune = this.value(row, "commune_name");
    const status = this.value(row, "status"), word = t("status." + (has("status." + status) ? status : "other"));
    const parts = [word, chance === null ? null : t("signalLikely", { p: percent(chance) }), persons === null ? null : people(persons), commune === null ? null : foreign(commune)];
    return make("span", {}, ...dotted(parts));
  },

  centre(row) {
    return this.shapes.isPlaced(row) ? L.latLng(toDegrees(this.shapes.centreX[row], this.shapes.centreY[row])) : null;
  },

  /** South-west and north-east corner of some villages, or of all. */
  boundsOf(rows) {
    const b = this.shapes.boxes;
    let w = Infinity, n = Infinity, e = -Infinity, s = -Infinity;
    for (const row of rows || this.style.keys()) {
      if (!this.shapes.isPlaced(row)) continue;
      w = Math.min(w, b[row * 4]);
      n = Math.min(n, b[row * 4 + 1]);
      e = Math.max(e, b[row * 4 + 2]);
      s = Math.max(s, b[row * 4 + 3]);
    }
    return w > e ? null : L.latLngBounds(toDegrees(w, s), toDegrees(e, n));
  },

  /** Colour by classes: `looks`, and the class of each row. */
  paintBy(looks, classOf) {
    this.looks = looks;
    for (let row = 0; row < this.size; row++) this.style[row] = classOf(row);
    return this.repaint();
  },

  /** Show the rows that are wanted. */
  show(wanted) {
    for (let row = 0; row < this.size; row++) this.visible[row] = wanted(row) ? 1 : 0;
    return this.repaint();
  },

  lookOf(row) {
    return this.looks[this.style[row]];
  },

  statusLook(row) {
    return own(STATUSES, this.value(row, "status")) || OTHER;
  },

  findUsualSize() {
    const b = this.shapes.boxes, sides = [];
    const step = Math.max(1, Math.floor(this.size / 1000));
    for (let row = 0; row < this.size; row += step) sides.push(b[row * 4 + 2] - b[row * 4]);
    return sides.sort((a, b) => a - b)[sides.length >> 1] || 0;
  },

  paint(pen, frame) {
    if (this.usualSize > 0 && this.usualSize * frame.scale <= BORDER_PX) this.paintMosaic(pen, frame);
    else this.paintRows(pen, frame, this.rowsAt(frame));
  },

  rowsAt({ scale, left, top, size }) {
    const edge = (this.radius + 2) / scale;
    return this.shapes.search(left / scale - edge, top / scale - edge, (left + size) / scale + edge, (top + size) / scale + edge);
  },

  /** Without borders and patterns, all that can change is the colour of each village's pixels. */
  paintMosaic(pen, frame) {
    const { memory, size, ratio } = frame;
    if (!memory.owners) {
      const rows = this.rowsAt(frame);
      memory.points = rows.filter((row) => this.shapes.isPoint(row));
      memory.areas = rows.filter((row) => !this.shapes.isPoint(row));
      memory.owners = findOwners(this.shapes, memory.areas, (row) => (this.shapes.isTiny(row, frame.scale) ? this.tinyBox(row, frame) : null), frame);
    }
    const pixels = pixelColours(this.looks), colours = new Uint32Array(memory.areas.length + 1);
    memory.areas.forEach((row, i) => (colours[i + 1] = this.visible[row] ? pixels[this.style[row]] : 0));
    drawPixels(pen, colourPixels(memory.owners, colours, ratio > 1 ? size * 2 : size), size);
    this.paintRows(pen, frame, memory.points);
  },

  /** Middle, width and height of the rectangle that stands for a tiny village. [pixel of the tile] */
  tinyBox(row, { scale, left, top }) {
    const [w, n, e, s] = this.shapes.boxes.subarray(row * 4, row * 4 + 4);
    return [((w + e) / 2) * scale - left, ((n + s) / 2) * scale - top, Math.max((e - w) * scale * TINY_FILL, 1), Math.max((s - n) * scale * TINY_FILL, 1)];
  },

  paintRows(pen, frame, rows) {
    const { scale } = frame;
    const byLook = this.looks.map(() => ({ shapes: [], tiny: [], points: [] }));
    for (const row of rows) {
      if (!this.visible[row]) continue;
      const kind = byLook[this.style[row]];
      if (this.shapes.isPoint(row)) this.shapes.placed[row] && kind.points.push(row);
      else kind[this.shapes.isTiny(row, scale) ? "tiny" : "shapes"].push(row);
    }
    const usual = this.usualSize * scale;
    this.looks.forEach((look, i) => this.paintLook(pen, look, byLook[i], { ...frame, usual }));
  },

  paintLook(pen, look, { shapes, tiny, points }, frame) {
    const { zoom, scale, left, top, usual } = frame;
    const pattern = usual > PATTERN_PX || points.length ? patternTile(look) : null;
    const repeated = pattern && pen.createPattern(pattern, "repeat");
    pen.fillStyle = look.fill;
    for (const row of tiny) {
      const [x, y, wide, high] = this.tinyBox(row, frame);
      pen.fillRect(x - wide / 2, y - high / 2, wide, high);
    }
    pen.strokeStyle = look.line;
    pen.lineWidth = usual > 40 ? 1.2 : 0.6;
    pen.lineJoin = "round";
    for (let begin = 0; begin < shapes.length; begin += BATCH) {
      pen.beginPath();
      for (let i = begin; i < Math.min(begin + BATCH, shapes.length); i++) this.shapes.trace(pen, shapes[i], zoom, scale, left, top);
      this.fill(pen, look, usual > PATTERN_PX ? repeated : null, usual > BORDER_PX);
    }
    if (!points.length) return;
    pen.beginPath();
    pen.lineWidth = 1.5;
    const r = Math.min(this.radius, Math.max(2, zoom - 3));
    for (const row of points) {
      const x = this.shapes.centreX[row] * scale - left, y = this.shapes.centreY[row] * scale - top;
      pen.moveTo(x + r, y);
      pen.arc(x, y, r, 0, 7);
    }
    this.fill(pen, look, repeated, true);
  },

  fill(pen, look, pattern, border) {
    pen.fillStyle = look.fill;
    pen.globalAlpha = 0.82;
    pen.fill("nonzero");
    if (pattern) {
      pen.globalAlpha = 1;
      pen.fillStyle = pattern;
      pen.fill("nonzero");
    }
    if (border) {
      pen.globalAlpha = 0.9;
      pen.stroke();
    }
    pen.globalAlpha = 1;
  },

  pick(latLng, zoom) {
    if (!this.loaded) return null;
    const [x, y] = toSteps(latLng), near = (this.radius + 3) / 2 ** (zoom - 16);
    let best = null, nearest = near * near;
    for (const row of this.shapes.search(x - near, y - near, x + near, y + near)) {
      if (!this.visible[row] || !this.shapes.isPlaced(row)) continue;
      if (!this.shapes.isPoint(row)) {
        if (best === null && this.shapes.contains(row, x, y)) best = row;
        continue;
      }
      const away = (this.shapes.centreX[row] - x) ** 2 + (this.shapes.centreY[row] - y) ** 2;
      if (away <= nearest) [best, nearest] = [row, away];
    }
    return best;
  },

  /** Draw a frame around one village, or around none. */
  select(row) {
    if (this.frame) this.frame.remove();
    this.selected = row;
    this.frame = null;
    if (row === null || !this.map || !this.map.hasLayer(this)) return;
    this.frame = this.outline(row);
    if (this.frame) this.frame.addTo(this.map);
  },

  outline(row) {
    const style = { color: "#111111", weight: 3.5, fill: false, interactive: false };
    if (!this.shapes.isPlaced(row)) return null;
    if (this.shapes.isPoint(row)) return L.circleMarker(this.centre(row), { ...style, radius: this.radius + 3 });
    const lines = [];
    const pen = { moveTo: (x, y) => lines.push([toDegrees(x, y)]), lineTo: (x, y) => lines.at(-1).push(toDegrees(x, y)) };
    this.shapes.trace(pen, row, 255, 1, 0, 0);
    return L.polyline(lines, style);
  },

  open(row, where) {
    const map = this.map;
    openCard(map, where || this.centre(row) || map.getCenter(), () => describeVillage(this, row), {
      ready: this.restReady, onClose: () => {
        this.select(null);
        map.fire("lomsong:open", { row: null });
      },
    });
    this.select(row);
    map.fire("lomsong:open", { row });
  },

  /* Flying takes time; a second choice on the way replaces the first. */
  goTo(row) {
    const map = this.map, choice = (this.choice = {}), bounds = this.boundsOf([row]);
    map.closePopup();
    if (!bounds) return this.open(row);
    const arrive = () => {
      if (this.choice === choice) this.open(row);
    };
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const room = this.shapes.isPoint(row) ? this.centre(row).toBounds(1500) : bounds;
    map.once("moveend", arrive);
    map[calm ? "fitBounds" : "flyToBounds"](room, { maxZoom: 14, padding: [40, 40], duration: 0.7, animate: !calm });
  },
});

export const villages = (name) => answerMouse(new Villages(name));
