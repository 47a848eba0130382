/* Tables as CSV that spreadsheets read as text and numbers, never as formulas. */

/* A cell that begins so would be computed by a spreadsheet. */
const FORMULA = /^[\s\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20|%]|^[\t\r\n]/;

export function csvCell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  const text = FORMULA.test(value) ? "'" + value : value;
  return /[",;\r\n\t']/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
}

/** Rows of a table in an order, with a byte-order mark, since spreadsheets take UTF-8 for something else without. */
export function csvOf(table, rows) {
  const names = Object.keys(table.readers), readers = names.map((name) => table.reader(name));
  const lines = [names.map(csvCell).join(",")];
  for (const row of rows) lines.push(readers.map((read) => csvCell(read(row))).join(","));
  return "\ufeff" + lines.join("\r\n") + "\r\n";
}
