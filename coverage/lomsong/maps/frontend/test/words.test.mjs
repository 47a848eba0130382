import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import { RUN_WORDS } from "../src/run_words.js";
import { addWords, allWords, setLanguage, t } from "../src/words.js";

test("the words of a script of its own replace none", () => {
  for (const key of Object.keys(RUN_WORDS)) assert.ok(!Object.hasOwn(allWords, key), key);
  addWords(RUN_WORDS);
});

const SOURCES = new URL("../src/", import.meta.url);

test("every text exists in both languages and fills in the same values", () => {
  for (const [key, texts] of Object.entries(allWords)) {
    assert.equal(texts.length, 2, key);
    const names = texts.map((text) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort().join());
    assert.equal(names[0], names[1], key);
    assert.ok(texts[1].normalize("NFC") === texts[1], key);
  }
});

test("every text that the sources ask for is there", async () => {
  for (const file of await readdir(SOURCES)) {
    const source = await readFile(new URL(file, SOURCES), "utf-8");
    for (const [, key] of source.matchAll(/\bt\("([^"]+)"\s*[,)]/g)) assert.ok(Object.hasOwn(allWords, key), file + ": " + key);
  }
});

test("the language changes the words", () => {
  setLanguage("vi");
  assert.equal(t("found", { n: 3 }), "Tìm thấy 3");
  setLanguage("en");
  assert.equal(t("found", { n: 3 }), "3 found");
});
