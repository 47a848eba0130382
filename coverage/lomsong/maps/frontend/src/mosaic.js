/* At the scale of a nation a village is a few pixels wide. Whose each point of a tile is gets worked out once; another
   colour or filter then only looks colours up. */
import { pixelOf } from "./looks.js";

/** Points per pixel along a side of the tile, so that borders look smooth. */
const FINE = 2;
/** Up to this number, crossings are sorted by hand. */
const FEW = 48;
/** Lines are told apart by this much in the key of a crossing; tiles have fewer points along a side. */
const LINE = 8192;
const OPACITY = 0.82;

let keys = new Float64Array(1024), found = 0;

/* Takes the outline of one place, and notes where it crosses the lines of points. */
const pen = {
  x: 0, y: 0, points: 0,
  moveTo(x, y) {
    this.x = x;
    this.y = y;
  },
  lineTo(x, y) {
    const slope = (x - this.x) / (y - this.y), low = Math.min(y, this.y), high = Math.max(y, this.y);
    const end = Math.min(Math.ceil(high - 0.5), this.points);
    for (let line = Math.max(Math.ceil(low - 0.5), 0); line < end; line++) {
      const at = this.x + (line + 0.5 - this.y) * slope;
      if (found === keys.length) {
        const more = new Float64Array(found * 2);
        more.set(keys);
        keys = more;
      }
      keys[found++] = line * LINE + 1 + Math.min(Math.max(at, 0), this.points);
    }
    this.x = x;
    this.y = y;
  },
};

function sortKeys() {
  if (found > FEW) return keys.subarray(0, found).sort();
  for (let i = 1; i < found; i++) {
    const key = keys[i];
    let at = i;
    for (; at > 0 && keys[at - 1] > key; at--) keys[at] = keys[at - 1];
    keys[at] = key;
  }
}

/**
 * Whose each point of a tile is: the place in `rows` plus one, 0 for nobody's. Places too small for an outline have the
 * rectangle that `tinyBox` gives for them: middle, width and height in pixels of the tile.
 */
export function findOwners(shapes, rows, tinyBox, { zoom, scale, left, top, size }) {
  const points = size * FINE, owners = new (rows.length < 65535 ? Uint16Array : Uint32Array)(points * points);
  const clip = (at) => Math.min(Math.max(Math.ceil(at - 0.5), 0), points);
  pen.points = points;
  for (let number = 1; number <= rows.length; number++) {
    const row = rows[number - 1], box = tinyBox(row);
    if (box) {
      const [x, y, wide, high] = box.map((pixels) => pixels * FINE), begin = clip(x - wide / 2), end = clip(x + wide / 2);
      for (let line = clip(y - high / 2); line < clip(y + high / 2); line++) owners.fill(number, line * points + begin, line * points + end);
      continue;
    }
    found = 0;
    shapes.trace(pen, row, zoom, scale * FINE, left * FINE, top * FINE);
    sortKeys();
    for (let i = 0; i + 1 < found; i += 2) {
      const line = Math.floor(keys[i] / LINE), first = line * LINE + 1;
      const begin = Math.ceil(keys[i] - first - 0.5), end = Math.ceil(keys[i + 1] - first - 0.5);
      for (let at = line * points + begin; at < line * points + end; at++) owners[at] = number;
    }
  }
  return owners;
}

/** Colour the points, `colours` by owner with 0 for none, into a square of pixels with `side` of them. */
export function colourPixels(owners, colours, side) {
  const points = Math.sqrt(owners.length), pixels = new Uint32Array(side * side);
  if (points === side) {
    for (let i = 0; i < pixels.length; i++) pixels[i] = colours[owners[i]];
    return pixels;
  }
  for (let y = 0, i = 0, at = 0; y < side; y++, at += points) {
    for (let x = 0; x < side; x++, i++, at += 2) {
      const a = colours[owners[at]], b = colours[owners[at + 1]], c = colours[owners[at + points]], d = colours[owners[at + points + 1]];
      pixels[i] = a === b && a === c && a === d ? a : mix(a, b, c, d);
    }
  }
  return pixels;
}

function mix(a, b, c, d) {
  const there = (a !== 0) + (b !== 0) + (c !== 0) + (d !== 0);
  const part = (shift) => ((a >>> shift) & 255) + ((b >>> shift) & 255) + ((c >>> shift) & 255) + ((d >>> shift) & 255);
  return ((part(24) >> 2) << 24) | ((part(16) / there) << 16) | ((part(8) / there) << 8) | (part(0) / there);
}

/** The colours of `looks` as pixels. */
export const pixelColours = (looks) => looks.map((look) => pixelOf(look.fill, OPACITY));

const sheets = new Map();

/** Draw a square of pixels over the whole of a tile. */
export function drawPixels(pen, pixels, size) {
  const side = Math.sqrt(pixels.length);
  if (!sheets.has(side)) {
    const sheet = document.createElement("canvas");
    sheet.width = sheet.height = side;
    sheets.set(side, sheet.getContext("2d", { willReadFrequently: true }));
  }
  const sheet = sheets.get(side);
  sheet.putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer), side, side), 0, 0);
  pen.drawImage(sheet.canvas, 0, 0, size, size);
}
