/* Measurements as hexagons: colour by median download, a cross where people reported no service. */
import Flatbush from "flatbush";
import { CanvasGrid } from "./canvas_grid.js";
import { fact, openCard, said } from "./card.js";
import { shownFirst } from "./chunks.js";
import { addPane, make } from "./make.js";
import { count, tenth } from "./numbers.js";
import { readDeltas, unpack } from "./pack.js";
import { answerMouse } from "./picking.js";
import { register } from "./ready.js";
import { toDegrees, toSteps } from "./shapes.js";
import { Table } from "./table.js";
import { SPEEDS, speedClass } from "./themes.js";
import { t } from "./words.js";

const Measurements = CanvasGrid.extend({
  pickOrder: 5,
  options: { opacity: 0.9 },

  initialize(name) {
    CanvasGrid.prototype.initialize.call(this, { pane: "lomsong-hexagons" });
    this.table = new Table();
    const hidden = shownFirst(this, name + "_first");
    this.ready = hidden ? hidden.then(() => register(this.load(name))) : register(this.load(name));
  },

  async load(name) {
    const pack = await unpack(name + "_first"), across = pack.meta.hexagon, down = (across * Math.sqrt(3)) / 2;
    this.table.add(pack);
    this.minimum = pack.meta.minimum;
    const rows = readDeltas(pack.arrays.hexagon_rows), columns = readDeltas(pack.arrays.hexagon_columns);
    this.radius = across / Math.sqrt(3);
    this.x = Float64Array.from(columns, (column, i) => (column + (rows[i] & 1) / 2) * across);
    this.y = Float64Array.from(rows, (row) => row * down);
    this.index = new Flatbush(rows.length);
    for (let i = 0; i < rows.length; i++) this.index.add(this.x[i], this.y[i], this.x[i], this.y[i]);
    this.index.finish();
    this.loaded = true;
    this.repaint();
  },

  onAdd(map) {
    addPane(map, "lomsong-hexagons", 396);
    this.map = map;
    CanvasGrid.prototype.onAdd.call(this, map);
  },

  paint(pen, { scale, left, top, size }) {
    const edge = this.radius + 4 / scale, r = Math.max(this.radius * scale, 2.5);
    for (const hit of this.index.search(left / scale - edge, top / scale - edge, (left + size) / scale + edge, (top + size) / scale + edge)) {
      const x = this.x[hit] * scale - left, y = this.y[hit] * scale - top;
      pen.beginPath();
      for (let k = 0; k < 6; k++) pen.lineTo(x + r * Math.sin((k * Math.PI) / 3), y - r * Math.cos((k * Math.PI) / 3));
      pen.closePath();
      pen.fillStyle = SPEEDS[speedClass(this.table.value(hit, "download_mbps"))].look.fill;
      pen.fill();
      pen.strokeStyle = "#1d1d1f";
      pen.lineWidth = 0.8;
      pen.stroke();
      if (this.table.value(hit, "no_service")) {
        pen.beginPath();
        pen.moveTo(x - r / 2, y - r / 2);
        pen.lineTo(x + r / 2, y + r / 2);
        pen.moveTo(x + r / 2, y - r / 2);
        pen.lineTo(x - r / 2, y + r / 2);
        pen.lineWidth = 2;
        pen.stroke();
      }
    }
  },

  pick(latLng) {
    if (!this.loaded) return null;
    const [x, y] = toSteps(latLng), [hit] = this.index.neighbors(x, y, 1, this.radius);
    return hit === undefined ? null : hit;
  },

  title(hit) {
    const tests = this.table.value(hit, "tests");
    return tests === null ? t("fewTests", { n: this.minimum }) : t(tests === 1 ? "test" : "tests", { n: count(tests) });
  },

  open(hit) {
    const cell = (name) => this.table.value(hit, name);
    const write = () => {
      const facts = make("dl", { class: "lomsong-facts" });
      fact(facts, t("mobileDownload"), said(cell("download_mbps"), (rate) => tenth(rate) + " Mbit/s"));
      fact(facts, t("level"), said(cell("level_dbm"), (level) => count(level) + " dBm"));
      fact(facts, t("noService"), said(cell("no_service"), (n) => count(n)));
      return [make("h2", {}, t("measurements")), make("p", {}, this.title(hit)), facts];
    };
    openCard(this.map, L.latLng(toDegrees(this.x[hit], this.y[hit])), write, { ready: this.ready, onClose: () => {} });
  },
});

export const measurements = (name) => answerMouse(new Measurements(name));
