/* Outlines from shared arcs, in whole steps of Web Mercator. */
import Flatbush from "flatbush";
import { cumulate, readDeltas, readVarints } from "./pack.js";

/** Steps around the world; Python's `frame` has the same number. */
export const WORLD_STEPS = 1 << 24;
/** Smaller than this, a place is drawn as a rectangle. [pixel] */
const TINY_PX = 3;

/** Pixels per step at a zoom. */
export const stepsToPixels = (zoom) => 2 ** (zoom - 16);

/** The boxes of places, and which of them lie somewhere. */
export class Boxes {
  /** Take `boxes` as west, north, east and south of every place. */
  enclose(boxes) {
    const size = boxes.length / 4;
    this.boxes = boxes;
    this.index = size ? new Flatbush(size, 16, Int32Array) : null;
    if (!size) return;
    for (let i = 0; i < boxes.length; i += 4) this.index.add(boxes[i], boxes[i + 1], boxes[i + 2], boxes[i + 3]);
    this.index.finish();
  }

  isPlaced(row) {
    return !this.isPoint(row) || this.placed[row] === 1;
  }

  /** The places whose boxes touch a box. */
  search(w, n, e, s) {
    return this.index ? this.index.search(w, n, e, s) : [];
  }

  isTiny(row, scale) {
    const at = row * 4, b = this.boxes;
    return (b[at + 2] - b[at]) * scale < TINY_PX && (b[at + 3] - b[at + 1]) * scale < TINY_PX;
  }
}

export class Shapes extends Boxes {
  constructor(arrays) {
    super();
    this.arcs = cumulate(readVarints(arrays.arc_sizes));
    this.x = readDeltas(arrays.arc_x, arrays.arc_shift[0]);
    this.y = readDeltas(arrays.arc_y, arrays.arc_shift[0]);
    this.zooms = arrays.arc_zooms;
    this.rings = cumulate(readVarints(arrays.ring_sizes));
    this.uses = readUses(readVarints(arrays.ring_arcs));
    this.places = cumulate(readVarints(arrays.place_rings));
    this.size = this.places.length - 1;
    this.centreX = readDeltas(arrays.place_x);
    this.centreY = readDeltas(arrays.place_y);
    this.placed = arrays.placed;
    this.enclose(this.findBoxes());
  }

  isPoint(row) {
    return this.places[row] === this.places[row + 1];
  }

  /** West, north, east, south of every place; places without a shape have the box of their centre. */
  findBoxes() {
    const arcs = findArcBoxes(this);
    const boxes = new Int32Array(this.size * 4);
    for (let row = 0; row < this.size; row++) {
      let w = this.centreX[row], e = w, n = this.centreY[row], s = n;
      if (!this.isPoint(row)) w = n = 2 ** 31 - 1, e = s = -w;
      for (let use = this.rings[this.places[row]]; use < this.rings[this.places[row + 1]]; use++) {
        const at = (this.uses[use] >> 1) * 4;
        w = Math.min(w, arcs[at]);
        n = Math.min(n, arcs[at + 1]);
        e = Math.max(e, arcs[at + 2]);
        s = Math.max(s, arcs[at + 3]);
      }
      boxes.set([w, n, e, s], row * 4);
    }
    return boxes;
  }

  /** Add the outline of a place to the path of a pen, with no more corners than the zoom needs. */
  trace(pen, row, zoom, scale, left, top) {
    for (let ring = this.places[row]; ring < this.places[row + 1]; ring++) {
      let begun = false;
      for (let use = this.rings[ring]; use < this.rings[ring + 1]; use++) {
        const arc = this.uses[use] >> 1, back = this.uses[use] & 1;
        let i = back ? this.arcs[arc + 1] - 1 : this.arcs[arc];
        const step = back ? -1 : 1, end = back ? this.arcs[arc] - 1 : this.arcs[arc + 1];
        if (!begun) {
          pen.moveTo(this.x[i] * scale - left, this.y[i] * scale - top);
          begun = true;
        }
        for (i += step; i !== end; i += step) {
          if (this.zooms[i] <= zoom) pen.lineTo(this.x[i] * scale - left, this.y[i] * scale - top);
        }
      }
      /* the last arc ends where the first began; closePath would look through the whole path each time */
    }
  }

  /** Add one border to the path of a pen. */
  traceArc(pen, arc, zoom, scale, left, top) {
    traceLine(this, pen, arc, zoom, scale, left, top);
  }

  /** The borders around a place. */
  arcsOf(row) {
    const uses = this.uses.subarray(this.rings[this.places[row]], this.rings[this.places[row + 1]]);
    return uses.map((use) => use >> 1);
  }

  /** Mark the borders whose two sides differ in what `read` says of them, the outer ones too. */
  arcsBetween(read) {
    const side = new Array(this.arcs.length - 1), marked = new Uint8Array(this.arcs.length - 1).fill(1);
    for (let row = 0; row < this.size; row++) {
      const value = read(row);
      for (const arc of this.arcsOf(row)) {
        if (side[arc] === undefined) side[arc] = value;
        else if (side[arc] === value) marked[arc] = 0;
      }
    }
    return marked;
  }

  /** Whether a place covers a point. */
  contains(row, x, y) {
    let inside = false;
    for (let use = this.rings[this.places[row]]; use < this.rings[this.places[row + 1]]; use++) {
      const arc = this.uses[use] >> 1;
      for (let i = this.arcs[arc] + 1; i < this.arcs[arc + 1]; i++) {
        const ya = this.y[i - 1], yb = this.y[i];
        if (ya > y !== yb > y && x < ((this.x[i - 1] - this.x[i]) * (y - yb)) / (ya - yb) + this.x[i]) inside = !inside;
      }
    }
    return inside;
  }
}

/** West, north, east and south of every line. */
export function findArcBoxes({ arcs, x, y }) {
  const boxes = new Int32Array((arcs.length - 1) * 4);
  for (let arc = 0; arc + 1 < arcs.length; arc++) {
    let w = 2 ** 31 - 1, n = w, e = -w, s = -w;
    for (let i = arcs[arc]; i < arcs[arc + 1]; i++) {
      if (x[i] < w) w = x[i];
      if (x[i] > e) e = x[i];
      if (y[i] < n) n = y[i];
      if (y[i] > s) s = y[i];
    }
    boxes.set([w, n, e, s], arc * 4);
  }
  return boxes;
}

/** Add one of some lines to the path of a pen, with no more corners than the zoom needs. */
export function traceLine({ arcs, x, y, zooms }, pen, arc, zoom, scale, left, top) {
  for (let i = arcs[arc], begun = false; i < arcs[arc + 1]; i++) {
    if (zooms[i] > zoom) continue;
    pen[begun ? "lineTo" : "moveTo"](x[i] * scale - left, y[i] * scale - top);
    begun = true;
  }
}

/** Arcs of rings: how far each lies behind the next new one, to numbers. */
function readUses(behind) {
  for (let i = 0, fresh = 0; i < behind.length; i++) {
    if (behind[i] === 0) fresh += 2;
    behind[i] = (behind[i] === 0 ? fresh - 2 : fresh - behind[i]) >>> 0;
  }
  return behind;
}

export function toSteps(latLng) {
  const sine = Math.sin((latLng.lat * Math.PI) / 180);
  return [((latLng.lng + 180) / 360) * WORLD_STEPS, (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * WORLD_STEPS];
}

export function toDegrees(x, y) {
  return [(Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / WORLD_STEPS))) * 180) / Math.PI, (x / WORLD_STEPS) * 360 - 180];
}
