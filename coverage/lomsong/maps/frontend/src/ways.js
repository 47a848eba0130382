/* Roads and waters: lines over the fills of the villages, the lesser ones only near enough. */
import Flatbush from "flatbush";
import { CanvasGrid } from "./canvas_grid.js";
import { addPane } from "./make.js";
import { cumulate, readDeltas, readVarints, unpack } from "./pack.js";
import { register } from "./ready.js";
import { traceLine } from "./shapes.js";

/* Main, middle and minor lines, and areas: the zoom from which on they are drawn, and how wide. [pixel] */
const FROM_ZOOM = [0, 8, 11, 0];
const WIDTHS = [2.2, 1.4, 0.8, 0.8];
const AREA = 3, EDGE_PX = 4;
const LOOKS = {
  roads: { line: "#4a3b2a", casing: "rgba(255, 255, 255, 0.85)", fill: null },
  water: { line: "#155e8a", casing: "rgba(255, 255, 255, 0.7)", fill: "#9ecbe8" },
};

const Ways = CanvasGrid.extend({
  initialize(name, kind) {
    this.kind = kind;
    CanvasGrid.prototype.initialize.call(this, { pane: "lomsong-" + kind });
    this.ready = register(this.load(name));
  },

  async load(name) {
    const { arrays } = await unpack(name + "_first");
    this.arcs = cumulate(readVarints(arrays.arc_sizes));
    this.x = readDeltas(arrays.arc_x, arrays.arc_shift[0]);
    this.y = readDeltas(arrays.arc_y, arrays.arc_shift[0]);
    this.zooms = arrays.arc_zooms;
    this.classes = arrays.classes;
    this.index = new Flatbush(this.classes.length, 16, Int32Array);
    for (let arc = 0; arc < this.classes.length; arc++) {
      let w = Infinity, n = Infinity, e = -Infinity, s = -Infinity;
      for (let i = this.arcs[arc]; i < this.arcs[arc + 1]; i++) {
        w = Math.min(w, this.x[i]);
        e = Math.max(e, this.x[i]);
        n = Math.min(n, this.y[i]);
        s = Math.max(s, this.y[i]);
      }
      this.index.add(w, n, e, s);
    }
    this.index.finish();
    this.loaded = true;
    this.repaint();
  },

  onAdd(map) {
    addPane(map, this.options.pane, this.kind === "water" ? 395 : 396);
    CanvasGrid.prototype.onAdd.call(this, map);
  },

  paint(pen, { zoom, scale, left, top, size }) {
    const edge = EDGE_PX / scale, byClass = WIDTHS.map(() => []), look = LOOKS[this.kind];
    for (const arc of this.index.search(left / scale - edge, top / scale - edge, (left + size) / scale + edge, (top + size) / scale + edge)) {
      if (zoom >= FROM_ZOOM[this.classes[arc]]) byClass[this.classes[arc]].push(arc);
    }
    pen.lineJoin = pen.lineCap = "round";
    [AREA, 2, 1, 0].forEach((each) => {
      if (!byClass[each].length) return;
      pen.beginPath();
      byClass[each].forEach((arc) => traceLine(this, pen, arc, zoom, scale, left, top));
      if (each === AREA) {
        pen.fillStyle = look.fill;
        pen.fill("nonzero");
      }
      const width = WIDTHS[each] * (zoom < 10 ? 0.6 : 1);
      if (each < 2) this.stroke(pen, look.casing, width + 1.6);
      this.stroke(pen, look.line, width);
    });
  },

  stroke(pen, colour, width) {
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.stroke();
  },
});

export const roads = (name) => new Ways(name, "roads");
export const water = (name) => new Ways(name, "water");
