import assert from "node:assert/strict";
import { test } from "node:test";
import { setPhrases, tellReasons } from "../src/reasons.js";
import { setLanguage } from "../src/words.js";

setPhrases([["mast {km} km ({operator})", "trạm cách {km} km ({operator})"], ["clear path", "thông thoáng"], ["p = {p}", "p = {p}"]]);

function vietnamese(text) {
  setLanguage("vi");
  const told = tellReasons(text);
  setLanguage("en");
  return told;
}

test("reasons are told phrase by phrase, with the marks of the language; what is no phrase stays", () => {
  const reasons = "mast 1,003.6 km (Mạng.Núi); clear path; something new; p = 0.14";
  assert.equal(tellReasons(reasons), reasons);
  assert.equal(vietnamese(reasons), "trạm cách 1.003,6 km (Mạng.Núi); thông thoáng; something new; p = 0,14");
});

test("a name that looks like a replacement is put in as it is", () => {
  assert.equal(vietnamese("mast 3.6 km ($& $1 {km})"), "trạm cách 3,6 km ($& $1 {km})");
});
