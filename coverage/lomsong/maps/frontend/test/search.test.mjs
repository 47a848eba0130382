import assert from "node:assert/strict";
import { test } from "node:test";
import { findRows } from "../src/find.js";
import { fold } from "../src/fold.js";

const keys = ["Đèo Gió\n00046", "Bản Đèo Gió\n00047", "Gió Ngàn\n00048"].map((key) => key.split("\n").map(fold).join("\n"));

test("names are found with and without diacritics, in any order, and by code", () => {
  assert.deepEqual(findRows(keys, "ĐÈO GIÓ"), [0, 1]);
  assert.deepEqual(findRows(keys, "gio deo"), [0, 1]);
  assert.deepEqual(findRows(keys, "00048"), [2]);
  assert.deepEqual(findRows(keys, "  "), []);
});

test("folding agrees with Python's on what Vietnamese needs", () => {
  assert.equal(fold("  Thôn  TRẮNG\tĐỏ "), "thon trang do");
});
