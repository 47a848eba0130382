import assert from "node:assert/strict";
import { test } from "node:test";
import { csvCell, csvOf } from "../src/csv.js";

test("what a spreadsheet would compute stays text", () => {
  for (const text of ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\u200b=cmd", "\uff1d1", "%x", "\r=1"]) {
    assert.match(csvCell(text), /^"?'/, JSON.stringify(text));
  }
});

test("names, numbers and gaps stand as they are", () => {
  assert.equal(csvCell("Đèo Gió"), "Đèo Gió");
  assert.equal(csvCell(-3.5), "-3.5");
  assert.equal(csvCell(null), "");
  assert.equal(csvCell(true), "yes");
  assert.equal(csvCell('a "b", c\nd'), '"a ""b"", c\nd"');
});

test("a table has a mark, a header and the wanted rows in order", () => {
  const cells = { id: ["a", "b"], n: [1, null] };
  const table = { readers: cells, reader: (name) => (row) => cells[name][row] };
  assert.equal(csvOf(table, [1, 0]), "\ufeffid,n\r\nb,\r\na,1\r\n");
});
