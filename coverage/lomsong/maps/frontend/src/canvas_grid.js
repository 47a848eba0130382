/* Map tiles drawn on canvases, a few milliseconds at a time, so that the page never stalls. */
import { stepsToPixels } from "./shapes.js";

/** Time for drawing in one frame, while the map moves and when what stands on the screen changes. [ms] */
const FRAME_MS = 10, REPAINT_MS = 150;

/* What stands on the screen goes before what lies beside it. */
const urgent = [], waiting = [];
let running = false;

function work() {
  const begin = performance.now();
  const inTime = (most) => performance.now() - begin < most;
  while (urgent.length && inTime(REPAINT_MS)) urgent.shift()();
  while (!urgent.length && waiting.length && inTime(FRAME_MS)) waiting.shift()();
  if (urgent.length || waiting.length) requestAnimationFrame(work);
  else running = false;
}

function later(job, queue = waiting) {
  queue.push(job);
  if (!running) {
    running = true;
    requestAnimationFrame(work);
  }
}

/** A tile layer whose subclass has `paint(pen, frame)`: frame is `{zoom, scale, left, top, size, ratio, memory}`
    in pixels; what a subclass keeps in `memory` lasts as long as the tile. */
export const CanvasGrid = L.GridLayer.extend({
  options: { tileSize: 256, keepBuffer: 1, updateWhenZooming: false, updateInterval: 60 },

  /* The map of places about the antimeridian runs past 180 degrees: nothing wraps round. */
  _wrapCoords: (coords) => coords,
  _isValidTile: () => true,

  createTile(coords, done) {
    const ratio = Math.min(window.devicePixelRatio || 1, 2), size = this.options.tileSize;
    const tile = document.createElement("canvas");
    tile.width = tile.height = size * ratio;
    tile.lomsong = { coords, ratio, stale: true, memory: {} };
    const begin = () => later(() => {
      this.draw(tile);
      done(null, tile);
    });
    /* what has to be fetched first */
    if (this.prepare) this.prepare(tile.lomsong).then(begin);
    else begin();
    return tile;
  },

  draw(tile) {
    if (!this.loaded || !tile.lomsong || !tile.lomsong.stale) return;
    const { coords, ratio, memory } = tile.lomsong, size = this.options.tileSize;
    const pen = tile.getContext("2d", { willReadFrequently: true });
    tile.lomsong.stale = false;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, size, size);
    this.paint(pen, { zoom: coords.z, scale: stepsToPixels(coords.z), left: coords.x * size, top: coords.y * size, size, ratio, memory });
    /* Browsers note what is drawn and fill it when the frame ends, all tiles at once: reading makes it happen in here,
       where the time is watched. */
    pen.getImageData(0, 0, 1, 1);
  },

  _removeTile(key) {
    const entry = this._tiles[key];
    if (entry) entry.el.lomsong = null;
    L.GridLayer.prototype._removeTile.call(this, key);
  },

  /** Draw what is on the screen again; the promise ends when that stands. What lies beside the screen follows. */
  repaint() {
    const tiles = Object.values(this._tiles || {}).filter((entry) => entry.current && entry.el.lomsong).map((entry) => entry.el);
    const [seen, unseen] = [[], []];
    const screen = this._map && this._map.getContainer().getBoundingClientRect();
    for (const tile of tiles) {
      tile.lomsong.stale = true;
      const box = tile.getBoundingClientRect();
      const outside = box.right < screen.left || box.left > screen.right || box.bottom < screen.top || box.top > screen.bottom;
      (outside ? unseen : seen).push(tile);
    }
    seen.forEach((tile) => later(() => this.draw(tile), urgent));
    const stands = new Promise((done) => later(done, urgent));
    unseen.forEach((tile) => later(() => this.draw(tile)));
    return stands;
  },
});
