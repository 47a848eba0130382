/* Masts: triangles, with a wedge for each antenna direction where there is room for it. */
import Flatbush from "flatbush";
import { CanvasGrid } from "./canvas_grid.js";
import { openCard } from "./card.js";
import { restOf } from "./chunks.js";
import { addPane } from "./make.js";
import { describeMast } from "./mast_card.js";
import { cumulate, readDeltas, readVarints, unpack } from "./pack.js";
import { answerMouse } from "./picking.js";
import { register } from "./ready.js";
import { toDegrees, toSteps } from "./shapes.js";
import { Table } from "./table.js";
import { t } from "./words.js";

/* Up to this zoom masts are dots, from the second on their directions are shown. */
const DOTS = 8, WEDGES = 12, WEDGE_PX = 26;
const USUAL_BEAM_DEG = 65;
/* A path of more triangles than this takes longer than two paths. */
const BATCH = 256;

const Masts = CanvasGrid.extend({
  pickOrder: 10,

  initialize(name) {
    CanvasGrid.prototype.initialize.call(this, { pane: "lomsong-masts" });
    this.table = new Table();
    this.size = 0;
    this.ready = register(this.load(name));
  },

  async load(name) {
    const pack = await unpack(name + "_first");
    this.table.add(pack);
    this.x = readDeltas(pack.arrays.place_x);
    this.y = readDeltas(pack.arrays.place_y);
    this.rows = cumulate(readVarints(pack.arrays.place_rows));
    this.size = this.x.length;
    this.index = new Flatbush(this.size, 16, Int32Array);
    for (let i = 0; i < this.size; i++) this.index.add(this.x[i], this.y[i], this.x[i], this.y[i]);
    this.index.finish();
    this.loaded = true;
    this.repaint();
    restOf(this, name + "_later", () => register(unpack(name + "_later").then((rest) => rest && this.table.add(rest))));
  },

  onAdd(map) {
    addPane(map, "lomsong-masts", 398);
    this.map = map;
    map.lomsongMasts = this;
    CanvasGrid.prototype.onAdd.call(this, map);
  },

  sectorsAt(place) {
    return Array.from({ length: this.rows[place + 1] - this.rows[place] }, (_, i) => this.rows[place] + i);
  },

  /** Show the places that have a sector which is wanted; null shows all. */
  showSectors(wanted) {
    this.hidden = wanted && new Uint8Array(this.size).map((_, place) => (this.sectorsAt(place).some(wanted) ? 0 : 1));
    return this.repaint();
  },

  paint(pen, { zoom, scale, left, top, size }) {
    const edge = (WEDGE_PX + 2) / scale;
    let places = this.index.search(left / scale - edge, top / scale - edge, (left + size) / scale + edge, (top + size) / scale + edge);
    if (this.hidden) places = places.filter((place) => !this.hidden[place]);
    const at = (place) => [this.x[place] * scale - left, this.y[place] * scale - top];
    pen.fillStyle = "#1d1d1f";
    if (zoom <= DOTS) {
      const taken = new Uint8Array((size + 4) * (size + 4));
      for (const place of places) {
        const x = Math.round(this.x[place] * scale - left), y = Math.round(this.y[place] * scale - top);
        const pixel = (y + 2) * (size + 4) + x + 2;
        if (x < -2 || y < -2 || x > size + 1 || y > size + 1 || taken[pixel]) continue;
        taken[pixel] = 1;
        pen.fillRect(x - 1, y - 1, 2, 2);
      }
      return;
    }
    if (zoom >= WEDGES) places.forEach((place) => this.paintWedges(pen, place, ...at(place)));
    const r = zoom < 11 ? 4 : 6;
    pen.strokeStyle = "#ffffff";
    pen.fillStyle = "#1d1d1f";
    pen.lineWidth = 1.4;
    for (let begin = 0; begin < places.length; begin += BATCH) {
      pen.beginPath();
      for (const place of places.slice(begin, begin + BATCH)) {
        const [x, y] = at(place);
        pen.moveTo(x, y - r);
        pen.lineTo(x + r * 0.87, y + r * 0.75);
        pen.lineTo(x - r * 0.87, y + r * 0.75);
        pen.lineTo(x, y - r);
      }
      pen.fill();
      pen.stroke();
    }
  },

  paintWedges(pen, place, x, y) {
    const seen = new Set();
    pen.fillStyle = "rgba(29, 29, 31, 0.22)";
    pen.strokeStyle = "rgba(29, 29, 31, 0.75)";
    pen.lineWidth = 1;
    for (const row of this.sectorsAt(place)) {
      const azimuth = this.table.value(row, "azimuth_deg"), beam = this.table.value(row, "beamwidth_deg") || USUAL_BEAM_DEG;
      if (azimuth === null || seen.has(azimuth)) continue;
      seen.add(azimuth);
      const middle = ((azimuth - 90) * Math.PI) / 180, half = (Math.min(beam, 180) * Math.PI) / 360;
      pen.beginPath();
      pen.moveTo(x, y);
      pen.arc(x, y, WEDGE_PX, middle - half, middle + half);
      pen.closePath();
      pen.fill();
      pen.stroke();
    }
  },

  pick(latLng, zoom) {
    if (!this.loaded) return null;
    const [x, y] = toSteps(latLng), near = (L.Browser.mobile ? 12 : 8) / 2 ** (zoom - 16);
    const [hit] = zoom <= DOTS ? [] : this.index.neighbors(x, y, 1, near, (place) => !this.hidden || !this.hidden[place]);
    return hit === undefined ? null : hit;
  },

  siteIds(place) {
    return [...new Set(this.sectorsAt(place).map((row) => this.table.value(row, "site_id")))];
  },

  title(place) {
    return this.siteIds(place).filter((id) => id !== null).join(", ") || t("masts");
  },

  open(place) {
    const where = L.latLng(toDegrees(this.x[place], this.y[place]));
    openCard(this.map, where, () => describeMast(this, place), { ready: this.restReady, onClose: () => {} });
  },
});

export const masts = (name) => answerMouse(new Masts(name));
