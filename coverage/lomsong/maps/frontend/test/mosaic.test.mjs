import assert from "node:assert/strict";
import { test } from "node:test";
import { colourPixels, findOwners, pixelColours } from "../src/mosaic.js";

/* Rings of corners, drawn as `Shapes.trace` does: from the first corner back to it. */
const drawn = (places) => ({
  trace(pen, row, zoom, scale, left, top) {
    for (const ring of places[row]) ring.concat([ring[0]]).forEach(([x, y], i) => pen[i ? "lineTo" : "moveTo"](x * scale - left, y * scale - top));
  },
});
const frame = { zoom: 16, scale: 1, left: 0, top: 0, size: 16 };
const noBox = () => null;

/* Twice the area of a corner with a side tells on which hand it lies. */
function inTriangle([a, b, c], x, y) {
  const hand = ([px, py], [qx, qy]) => Math.sign((qx - px) * (y - py) - (qy - py) * (x - px));
  return Math.abs(hand(a, b) + hand(b, c) + hand(c, a)) === 3;
}

test("every point belongs to the triangle that it lies in, clipped at the edges of the tile", () => {
  const triangles = [[[-5.3, 2.1], [7.7, -4.2], [6.1, 12.9]], [[9.2, 3.3], [25.4, 8.8], [8.1, 30.7]]];
  const owners = findOwners(drawn(triangles.map((each) => [each])), [0, 1], noBox, frame);
  for (let y = 0; y < 32; y++) {
    for (let x = 0; x < 32; x++) assert.equal(owners[y * 32 + x], triangles.findIndex((each) => inTriangle(each, (x + 0.5) / 2, (y + 0.5) / 2)) + 1);
  }
});

test("a hole belongs to nobody, and neighbours share their border without a gap", () => {
  const square = (low, high) => [[low, low], [high, low], [high, high], [low, high]];
  const left = [[0, 0], [5.3, 0], [7.9, 16], [0, 16]], right = [[16, 0], [16, 16], [7.9, 16], [5.3, 0]];
  assert.equal(findOwners(drawn([[left], [right]]), [0, 1], noBox, frame).includes(0), false);
  const owners = findOwners(drawn([[square(0, 16), square(4, 8)]]), [0], noBox, frame);
  assert.equal(owners.filter((owner) => owner === 0).length, 64);
});

test("a place too small for an outline has its rectangle", () => {
  const owners = findOwners(drawn([[]]), [0], () => [8, 8, 1, 1], frame);
  assert.deepEqual([...owners.keys()].filter((at) => owners[at]), [15 * 32 + 15, 15 * 32 + 16, 16 * 32 + 15, 16 * 32 + 16]);
});

test("a pixel mixes the colours of its points, and is as clear as it has points of nobody", () => {
  const [red, blue] = pixelColours([{ fill: "#ff0000" }, { fill: "#0000ff" }]), opacity = red >>> 24;
  assert.equal(opacity, 209);
  const pixels = colourPixels(Uint16Array.of(1, 1, 1, 2, 1, 1, 0, 0, 0, 0, 1, 2, 0, 0, 2, 1), [0, red, blue], 2);
  assert.deepEqual([...pixels].map((pixel) => [pixel & 255, (pixel >>> 8) & 255, (pixel >>> 16) & 255, pixel >>> 24]),
    [[255, 0, 0, 209], [127, 0, 127, 104], [0, 0, 0, 0], [127, 0, 127, 209]]);
  assert.deepEqual([...colourPixels(Uint16Array.of(0, 1, 2, 1), [0, red, blue], 2)], [0, red, blue, red]);
});
