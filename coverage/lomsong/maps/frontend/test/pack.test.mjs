import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { cumulate, gunzip, readDeltas, readPack, readVarints } from "../src/pack.js";

test("numbers of one to five bytes come back", () => {
  const bytes = Uint8Array.of(5, 0xac, 0x02, 0x80, 0x80, 0x80, 0x80, 0x08, 0);
  assert.deepEqual([...readVarints(bytes)], [5, 300, 2 ** 31, 0]);
});

test("differences add up, downwards too, and their low bits come back", () => {
  assert.deepEqual([...readDeltas(Uint8Array.of(20, 1, 3, 40))], [10, 9, 7, 27]);
  assert.deepEqual([...readDeltas(Uint8Array.of(2, 1), 3)], [8, 0]);
});

test("sizes become begins with the end of the last", () => {
  assert.deepEqual([...cumulate([2, 0, 3])], [0, 2, 2, 5]);
});

test("a pack gives its values and its arrays as views", () => {
  const head = JSON.stringify({ meta: { rows: 2 }, arrays: [["a", "i2", 0, 4], ["b", "f8", 8, 8]] }).padEnd(92, " ");
  const bytes = Buffer.concat([Buffer.from([92, 0, 0, 0]), Buffer.from(head), Buffer.from(new Int16Array([-3, 7]).buffer), Buffer.alloc(4), Buffer.from(new Float64Array([0.5]).buffer)]);
  const { meta, arrays } = readPack(new Uint8Array(bytes));
  assert.equal(meta.rows, 2);
  assert.deepEqual([...arrays.a], [-3, 7]);
  assert.deepEqual([...arrays.b], [0.5]);
});

test("a browser without DecompressionStream unzips the same", async () => {
  const text = new TextEncoder().encode("bản ".repeat(500)), zipped = new Uint8Array(gzipSync(text));
  const kept = globalThis.DecompressionStream;
  assert.deepEqual(await gunzip(zipped), text);
  delete globalThis.DecompressionStream;
  assert.deepEqual(new Uint8Array(await gunzip(zipped)), text);
  globalThis.DecompressionStream = kept;
});
