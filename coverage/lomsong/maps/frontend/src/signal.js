/* Predicted signal: a pyramid of class pictures, coloured as it is drawn. */
import { CanvasGrid } from "./canvas_grid.js";
import { shownFirst } from "./chunks.js";
import { pixelOf } from "./looks.js";
import { addPane } from "./make.js";
import { unpack } from "./pack.js";
import { register } from "./ready.js";

/* From weak to strong: cividis, whose lightness rises for every eye. */
export const SIGNAL_COLOURS = ["#00204d", "#00336f", "#39486b", "#575d6d", "#707173", "#8a8779", "#a69d75", "#c4b56c", "#e4cf5b"];

const Signal = CanvasGrid.extend({
  options: { opacity: 0.7 },

  initialize(name) {
    CanvasGrid.prototype.initialize.call(this, { pane: "lomsong-signal" });
    this.palette = Uint32Array.of(0, ...SIGNAL_COLOURS.map((colour) => pixelOf(colour)));
    const hidden = shownFirst(this, name + "_first");
    this.ready = hidden ? hidden.then(() => register(this.load(name))) : register(this.load(name));
  },

  async load(name) {
    const { meta, arrays } = await unpack(name + "_first");
    this.meta = meta;
    this.levels = meta.sizes.map(([rows, columns], k) => ({ rows, columns, cells: arrays["level" + k], cell: meta.cell * 2 ** k }));
    this.loaded = true;
    this.repaint();
  },

  onAdd(map) {
    addPane(map, "lomsong-signal", 392);
    CanvasGrid.prototype.onAdd.call(this, map);
    map.fire("lomsong:signal", { layer: this, on: true });
  },

  onRemove(map) {
    CanvasGrid.prototype.onRemove.call(this, map);
    map.fire("lomsong:signal", { layer: this, on: false });
  },

  paint(pen, { zoom, left, top, size }) {
    const world = 256 * 2 ** zoom, wanted = 1 / world;
    const level = this.levels.find((each) => each.cell * 2 > wanted) || this.levels.at(-1);
    const image = new ImageData(size, size), pixels = new Uint32Array(image.data.buffer);
    const columns = new Int32Array(size);
    for (let x = 0; x < size; x++) columns[x] = Math.floor(((left + x + 0.5) / world - this.meta.left) / level.cell);
    for (let y = 0; y < size; y++) {
      const row = Math.floor(((top + y + 0.5) / world - this.meta.top) / level.cell);
      if (row < 0 || row >= level.rows) continue;
      for (let x = 0; x < size; x++) {
        const column = columns[x];
        if (column >= 0 && column < level.columns) pixels[y * size + x] = this.palette[level.cells[row * level.columns + column]];
      }
    }
    const sheet = document.createElement("canvas");
    sheet.width = sheet.height = size;
    sheet.getContext("2d").putImageData(image, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(sheet, 0, 0);
  },
});

export const signal = (name) => new Signal(name);
