import assert from "node:assert/strict";
import { test } from "node:test";
import { Shapes, toDegrees, toSteps } from "../src/shapes.js";

const zigzag = (n) => (n < 0 ? -2 * n - 1 : 2 * n);
const deltas = (values) => Uint8Array.from(values.map((value, i) => zigzag(value - (i ? values[i - 1] : 0))));

/* Two squares side by side with one border between them: three arcs. */
const squares = () => new Shapes({
  arc_sizes: Uint8Array.of(4, 2, 4), arc_shift: Uint8Array.of(0),
  arc_x: deltas([10, 0, 0, 10, 10, 10, 10, 20, 20, 10]), arc_y: deltas([0, 0, 10, 10, 10, 0, 10, 10, 0, 0]),
  arc_zooms: Uint8Array.of(0, 5, 9, 0, 0, 0, 0, 5, 5, 0),
  ring_sizes: Uint8Array.of(2, 2), ring_arcs: Uint8Array.of(0, 0, 1, 0), place_rings: Uint8Array.of(1, 1, 0),
  place_x: deltas([5, 15, 40]), place_y: deltas([5, 5, 40]), placed: Uint8Array.of(1, 1, 1),
});

function traced(shapes, row, zoom) {
  const points = [];
  shapes.trace({ moveTo: (x, y) => points.push([x, y]), lineTo: (x, y) => points.push([x, y]) }, row, zoom, 1, 0, 0);
  return points;
}

test("a shared border runs forwards for one and backwards for the other", () => {
  const shapes = squares();
  assert.deepEqual(traced(shapes, 0, 20), [[10, 0], [0, 0], [0, 10], [10, 10], [10, 0]]);
  assert.deepEqual(traced(shapes, 1, 20), [[10, 0], [10, 10], [20, 10], [20, 0], [10, 0]]);
});

test("a far zoom draws fewer corners", () => {
  assert.deepEqual(traced(squares(), 0, 6), [[10, 0], [0, 0], [10, 10], [10, 0]]);
});

test("a point lies in one place, and the search finds its box", () => {
  const shapes = squares();
  assert.equal(shapes.contains(0, 3, 3), true);
  assert.equal(shapes.contains(1, 3, 3), false);
  assert.equal(shapes.contains(1, 13, 3), true);
  assert.deepEqual(shapes.search(12, 2, 14, 4), [1]);
  assert.equal(shapes.isPoint(2), true);
});

test("borders between areas are those whose sides differ, and the outer ones", () => {
  assert.deepEqual([...squares().arcsBetween(() => "same")], [1, 0, 1]);
  assert.deepEqual([...squares().arcsBetween((row) => "area " + row)], [1, 1, 1]);
});

test("steps and degrees undo each other", () => {
  const [x, y] = toSteps({ lat: 22.5, lng: 104.25 }), [lat, lng] = toDegrees(x, y);
  assert.ok(Math.abs(lat - 22.5) < 1e-9 && Math.abs(lng - 104.25) < 1e-9);
});
