/* Outlines that come tile by tile. */
import { VectorTile } from "@mapbox/vector-tile";
import { PbfReader } from "pbf";
import { readDeltas, readVarints } from "./pack.js";
import { Boxes, WORLD_STEPS } from "./shapes.js";

/** Tiles that are kept: some screens full. */
const KEPT = 400;

/** The rings of every place in a tile, by row: x and y by turns, in steps of the world. */
export function readOutlines(bytes, z, x, y) {
  const layer = new VectorTile(new PbfReader(bytes)).layers.villages, outlines = new Map();
  if (!layer) return outlines;
  const side = WORLD_STEPS / 2 ** z, step = side / layer.extent;
  for (let i = 0; i < layer.length; i++) {
    const feature = layer.feature(i), rings = outlines.get(feature.properties.row) || [];
    for (const ring of feature.loadGeometry()) rings.push(Float64Array.from(ring.flatMap((at) => [x * side + at.x * step, y * side + at.y * step])));
    outlines.set(feature.properties.row, rings);
  }
  return outlines;
}

export class TiledShapes extends Boxes {
  /** `read(z, x, y)` gives the bytes of a tile, or null. */
  constructor(arrays, deepest, read) {
    super();
    const w = readDeltas(arrays.box_x), n = readDeltas(arrays.box_y), wide = readVarints(arrays.box_width), high = readVarints(arrays.box_height);
    const boxes = new Int32Array(w.length * 4);
    for (let row = 0; row < w.length; row++) boxes.set([w[row], n[row], w[row] + wide[row], n[row] + high[row]], row * 4);
    this.areas = arrays.areas;
    this.centreX = readDeltas(arrays.place_x);
    this.centreY = readDeltas(arrays.place_y);
    this.placed = arrays.placed;
    this.deepest = deepest;
    this.read = read;
    this.tiles = new Map();
    this.at = new Map();
    this.enclose(boxes);
  }

  isPoint(row) {
    return !this.areas[row];
  }

  /** The outlines at a tile of the page, from the deepest tile there is around it. */
  outlines({ z, x, y }) {
    const up = Math.max(0, z - this.deepest), tile = [z - up, x >> up, y >> up], key = tile.join("/");
    let known = this.tiles.get(key);
    this.tiles.delete(key);
    known ??= this.read(...tile).then((bytes) => {
      /* what a server did not give may come another time */
      if (!bytes) this.tiles.delete(key);
      return (known.found = bytes ? readOutlines(bytes, ...tile) : new Map());
    });
    this.tiles.set(key, known);
    if (this.tiles.size > KEPT) this.tiles.delete(this.tiles.keys().next().value);
    return known;
  }

  /** Add the outline of a place, as far as it lies in the tile `at`, to the path of a pen. */
  trace(pen, row, zoom, scale, left, top) {
    for (const ring of this.at.get(row) || []) {
      for (let i = 0; i < ring.length; i += 2) pen[i ? "lineTo" : "moveTo"](ring[i] * scale - left, ring[i + 1] * scale - top);
    }
  }

  /** Whether a place covers a point, by the finest outline at hand. */
  contains(row, x, y) {
    for (let z = this.deepest; z >= 0; z--) {
      const side = WORLD_STEPS / 2 ** z, known = this.tiles.get([z, Math.floor(x / side), Math.floor(y / side)].join("/"));
      if (known && known.found && known.found.has(row)) return covers(known.found.get(row), x, y);
    }
    return false;
  }
}

function covers(rings, x, y) {
  let inside = false;
  for (const ring of rings) {
    for (let i = 2; i < ring.length; i += 2) {
      const ya = ring[i - 1], yb = ring[i + 1];
      if (ya > y !== yb > y && x < ((ring[i - 2] - ring[i]) * (y - yb)) / (ya - yb) + ring[i]) inside = !inside;
    }
  }
  return inside;
}
