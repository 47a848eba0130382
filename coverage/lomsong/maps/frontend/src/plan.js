/* The sites of the plan: diamonds with their place in the order, lines to what they cover, and their backhaul. */
import { CanvasGrid } from "./canvas_grid.js";
import { fact, lookUp, openCard, said } from "./card.js";
import { addPane, dotted, foreign, make } from "./make.js";
import { count } from "./numbers.js";
import { cumulate, readDeltas, readVarints, unpack } from "./pack.js";
import { answerMouse } from "./picking.js";
import { register } from "./ready.js";
import { toDegrees, toSteps } from "./shapes.js";
import { Table } from "./table.js";
import { t } from "./words.js";

const NUMBERS = 9, LINKS = 9, SIDE_PX = 9, NAMED = 8;

const Plan = CanvasGrid.extend({
  pickOrder: 20,

  initialize(name) {
    CanvasGrid.prototype.initialize.call(this, { pane: "lomsong-plan" });
    this.table = new Table();
    this.step = 0;
    this.size = 0;
    this.ready = register(this.load(name));
  },

  async load(name) {
    const pack = await unpack(name + "_first"), arrays = pack.arrays;
    this.table.add(pack);
    this.x = readDeltas(arrays.place_x);
    this.y = readDeltas(arrays.place_y);
    this.size = this.x.length;
    this.coveredAt = cumulate(readVarints(arrays.covered_sizes));
    this.covered = readDeltas(arrays.covered);
    this.lineAt = cumulate(readVarints(arrays.line_sizes));
    this.lineX = readDeltas(arrays.line_x);
    this.lineY = readDeltas(arrays.line_y);
    this.loaded = true;
    this.repaint();
  },

  onAdd(map) {
    addPane(map, "lomsong-plan", 399);
    this.map = map;
    map.lomsongPlan = this;
    CanvasGrid.prototype.onAdd.call(this, map);
  },

  /** For each of `rows` villages the step at which it gets signal, 0 for never. */
  firstSteps(rows) {
    const steps = new Uint32Array(rows);
    for (let site = this.size - 1; site >= 0; site--) for (const row of this.coveredBy(site)) steps[row] = site + 1;
    return steps;
  },

  coveredBy(site) {
    return this.covered.subarray(this.coveredAt[site], this.coveredAt[site + 1]);
  },

  /** Cost and people of the first `step` sites. */
  totals(step) {
    const sum = (name) => {
      let total = 0;
      for (let site = 0; site < step; site++) total += this.table.value(site, name) || 0;
      return total;
    };
    return { cost: sum("cost"), people: sum("people") };
  },

  /** A sum with the name of the money, where the plan tells it. */
  money(sum) {
    const name = this.size ? this.table.value(0, "currency") : null;
    return name === null ? count(sum) : `${count(sum)} ${name}`;
  },

  build(step) {
    this.step = step;
    return this.repaint();
  },

  paint(pen, { zoom, scale, left, top, size }) {
    const villages = this.map.lomsongVillages;
    for (let site = 0; site < this.size; site++) {
      const x = this.x[site] * scale - left, y = this.y[site] * scale - top, built = site < this.step;
      if (built && zoom >= LINKS && villages && villages.loaded) this.paintLinks(pen, site, villages.shapes, scale, left, top);
      this.paintBackhaul(pen, site, scale, left, top, built);
      if (x < -20 || y < -20 || x > size + 20 || y > size + 20) continue;
      const r = zoom < 8 ? 4 : SIDE_PX;
      pen.beginPath();
      pen.moveTo(x, y - r);
      pen.lineTo(x + r, y);
      pen.lineTo(x, y + r);
      pen.lineTo(x - r, y);
      pen.closePath();
      pen.fillStyle = built ? "#009E73" : "#ffffff";
      pen.fill();
      pen.strokeStyle = "#00382a";
      pen.lineWidth = 1.6;
      pen.setLineDash(built ? [] : [3, 2]);
      pen.stroke();
      pen.setLineDash([]);
      if (zoom < NUMBERS) continue;
      pen.fillStyle = "#1d1d1f";
      pen.font = "600 9px system-ui, sans-serif";
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.fillText(String(site + 1), x, y + 0.5);
    }
  },

  paintLinks(pen, site, shapes, scale, left, top) {
    pen.strokeStyle = "rgba(0, 56, 42, 0.7)";
    pen.lineWidth = 1.2;
    pen.beginPath();
    for (const row of this.coveredBy(site)) {
      if (!shapes.isPlaced(row)) continue;
      pen.moveTo(this.x[site] * scale - left, this.y[site] * scale - top);
      pen.lineTo(shapes.centreX[row] * scale - left, shapes.centreY[row] * scale - top);
    }
    pen.stroke();
  },

  paintBackhaul(pen, site, scale, left, top, built) {
    if (this.lineAt[site] === this.lineAt[site + 1] || !built) return;
    pen.strokeStyle = "#5b2a86";
    pen.lineWidth = 2;
    pen.setLineDash([6, 3]);
    pen.beginPath();
    for (let i = this.lineAt[site]; i < this.lineAt[site + 1]; i++) pen.lineTo(this.lineX[i] * scale - left, this.lineY[i] * scale - top);
    pen.stroke();
    pen.setLineDash([]);
  },

  pick(latLng, zoom) {
    if (!this.loaded) return null;
    const [x, y] = toSteps(latLng), near = 10 / 2 ** (zoom - 16);
    let best = null, nearest = near * near;
    for (let site = 0; site < this.size; site++) {
      const away = (this.x[site] - x) ** 2 + (this.y[site] - y) ** 2;
      if (away <= nearest) [best, nearest] = [site, away];
    }
    return best;
  },

  title(site) {
    return this.table.value(site, "site_id");
  },

  open(site) {
    const villages = this.map.lomsongVillages, cell = (name) => this.table.value(site, name);
    const write = () => {
      const facts = make("dl", { class: "lomsong-facts" }), rows = [...this.coveredBy(site)];
      fact(facts, t("order"), t("orderOf", { n: count(site + 1), size: count(this.size) }));
      fact(facts, t("year"), said(cell("phase"), count));
      fact(facts, t("cost"), said(cell("cost"), (cost) => foreign(this.money(cost))));
      fact(facts, t("payer"), said(cell("programme"), (payer) => lookUp("payer", payer)));
      fact(facts, t("peopleReached"), said(cell("people"), count));
      fact(facts, t("backhaul"), said(cell("backhaul_kind"), (kind) => lookUp("backhaul", kind)));
      const names = villages ? rows.slice(0, NAMED).map((row) => foreign(villages.title(row))) : [];
      const more = rows.length > NAMED ? t("andMore", { n: count(rows.length - NAMED) }) : null;
      fact(facts, t("covers"), rows.length ? make("span", {}, ...dotted([...names, more])) : null);
      return [make("h2", {}, t("plannedSite") + " ", foreign(this.title(site))), facts];
    };
    openCard(this.map, L.latLng(toDegrees(this.x[site], this.y[site])), write, { ready: this.ready, onClose: () => {} });
  },
});

export const plan = (name) => answerMouse(new Plan(name));
