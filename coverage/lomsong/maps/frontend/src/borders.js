/* Borders of communes and provinces, found in the outlines of the villages. */
import { CanvasGrid } from "./canvas_grid.js";
import { strokeBorder } from "./looks.js";
import { addPane } from "./make.js";
import { unpack } from "./pack.js";
import { register } from "./ready.js";

const Borders = CanvasGrid.extend({
  initialize(name) {
    CanvasGrid.prototype.initialize.call(this, { pane: "lomsong-borders" });
    this.ready = register(unpack(name + "_first").then(({ meta }) => (this.column = meta.column)));
  },

  onAdd(map) {
    addPane(map, "lomsong-borders", 397);
    CanvasGrid.prototype.onAdd.call(this, map);
    const villages = map.lomsongVillages;
    if (!villages || this.loaded) return;
    this.ready.then(() => villages.ready).then(() => villages.restReady).then(() => {
      this.shapes = villages.shapes;
      this.lines = this.shapes.arcsBetween(villages.table.reader(this.column));
      this.loaded = true;
      this.repaint();
    });
  },

  paint(pen, { zoom, scale, left, top, size }) {
    const drawn = new Set();
    pen.beginPath();
    for (const row of this.shapes.search(left / scale, top / scale, (left + size) / scale, (top + size) / scale)) {
      for (const arc of this.shapes.arcsOf(row)) {
        if (!this.lines[arc] || drawn.has(arc)) continue;
        drawn.add(arc);
        this.shapes.traceArc(pen, arc, zoom, scale, left, top);
      }
    }
    strokeBorder(pen, this.column);
  },
});

export const borders = (name) => new Borders(name);
