/* Villages and predicted signal from tile archives beside the page, instead of from the page. */
import { Archive } from "./archive.js";
import { CanvasGrid } from "./canvas_grid.js";
import { strokeBorder } from "./looks.js";
import { addPane } from "./make.js";
import { cumulate, readDeltas, readVarints } from "./pack.js";
import { Boxes, findArcBoxes, traceLine } from "./shapes.js";
import { TiledShapes } from "./tiled_shapes.js";

const { Villages, answerMouse, register, unpack } = window.lomsong.kit;

const TiledVillages = Villages.extend({
  shapesOf(pack) {
    const archive = new Archive(pack.meta.archive);
    return new TiledShapes(pack.arrays, pack.meta.deepest, (z, x, y) => archive.tile(z, x, y));
  },

  /* Read what a tile shows before it is drawn. */
  prepare(tile) {
    return register(Promise.resolve(this.ready).then(() => this.shapes.outlines(tile.coords)).then((outlines) => {
      tile.memory.outlines = outlines;
      tile.stale = true;
    }));
  },

  paint(pen, frame) {
    if (!frame.memory.outlines) return;
    this.shapes.at = frame.memory.outlines;
    Villages.prototype.paint.call(this, pen, frame);
    if (this.selected === undefined || this.selected === null || !this.shapes.at.has(this.selected)) return;
    pen.beginPath();
    this.shapes.trace(pen, this.selected, frame.zoom, frame.scale, frame.left, frame.top);
    pen.strokeStyle = "#111111";
    pen.lineWidth = 3.5;
    pen.stroke();
  },

  /* An outline in pieces is framed where it is drawn; a point has a frame of its own. */
  select(row) {
    Villages.prototype.select.call(this, row);
    this.repaint();
  },

  outline(row) {
    return this.shapes.isPoint(row) ? Villages.prototype.outline.call(this, row) : null;
  },
});

const TiledSignal = L.GridLayer.extend({
  options: { opacity: 0.7, pane: "lomsong-signal", keepBuffer: 1, updateWhenZooming: false },

  initialize(name) {
    L.GridLayer.prototype.initialize.call(this, {});
    this.ready = register(unpack(name + "_first").then(({ meta }) => {
      this.meta = meta;
      this.options.maxNativeZoom = meta.deepest;
      this.archive = new Archive(meta.archive);
    }));
  },

  _wrapCoords: (coords) => coords,
  _isValidTile: () => true,

  createTile({ z, x, y }, done) {
    const tile = document.createElement("img");
    tile.alt = "";
    /* browsers frame a picture that is not there */
    tile.style.visibility = "hidden";
    tile.style.imageRendering = "pixelated";
    register(this.ready.then(() => this.archive.tile(z, x, y)).then((bytes) => {
      if (!bytes) return void done(null, tile);
      tile.onload = () => {
        URL.revokeObjectURL(tile.src);
        tile.style.visibility = "";
        done(null, tile);
      };
      tile.src = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
    }));
    return tile;
  },

  onAdd(map) {
    addPane(map, "lomsong-signal", 392);
    L.GridLayer.prototype.onAdd.call(this, map);
    map.fire("lomsong:signal", { layer: this, on: true });
  },

  onRemove(map) {
    L.GridLayer.prototype.onRemove.call(this, map);
    map.fire("lomsong:signal", { layer: this, on: false });
  },
});

/* Borders as lines of their own: no outline is here as a whole to find them in. */
const BorderLines = CanvasGrid.extend({
  initialize(name) {
    CanvasGrid.prototype.initialize.call(this, { pane: "lomsong-borders" });
    this.name = name;
  },

  async load() {
    const { meta, arrays } = await unpack(this.name + "_first");
    this.column = meta.column;
    this.arcs = cumulate(readVarints(arrays.arc_sizes));
    this.x = readDeltas(arrays.arc_x, arrays.arc_shift[0]);
    this.y = readDeltas(arrays.arc_y, arrays.arc_shift[0]);
    this.zooms = arrays.arc_zooms;
    this.boxes = new Boxes();
    this.boxes.enclose(findArcBoxes(this));
    this.loaded = true;
    this.repaint();
  },

  onAdd(map) {
    addPane(map, "lomsong-borders", 397);
    CanvasGrid.prototype.onAdd.call(this, map);
    this.ready ??= register(this.load());
  },

  paint(pen, { zoom, scale, left, top, size }) {
    pen.beginPath();
    for (const arc of this.boxes.search(left / scale, top / scale, (left + size) / scale, (top + size) / scale)) traceLine(this, pen, arc, zoom, scale, left, top);
    strokeBorder(pen, this.column);
  },
});

window.lomsong.borders = (name) => new BorderLines(name);
window.lomsong.villages = (name) => answerMouse(new TiledVillages(name));
window.lomsong.signal = (name) => new TiledSignal(name);
