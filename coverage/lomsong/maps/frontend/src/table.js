/* Columns by name; a cell becomes a value when somebody asks for it. */
import { cumulate, readVarints } from "./pack.js";

const MISSING_FLAG = 2;
const LOWEST = { Int8Array: -128, Int16Array: -32768, Int32Array: -2147483648 };

export function textReader(sizes, bytes) {
  const lengths = readVarints(sizes), begins = cumulate(lengths.map((size) => Math.max(size - 1, 0)));
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return (row) => (lengths[row] === 0 ? null : decoder.decode(bytes.subarray(begins[row], begins[row + 1])));
}

function reader(kind, name, arrays) {
  const part = (which) => arrays[name + "." + which];
  if (kind.kind === "text") return textReader(part("sizes"), part("bytes"));
  if (kind.kind === "words") {
    const text = textReader(part("sizes"), part("bytes")), codes = part("codes"), known = [null];
    return (row) => {
      const code = codes[row];
      if (known[code] === undefined) known[code] = text(code - 1);
      return known[code];
    };
  }
  const values = part("values");
  if (kind.kind === "flag") return (row) => (values[row] === MISSING_FLAG ? null : values[row] === 1);
  const lowest = LOWEST[values.constructor.name], scale = 10 ** kind.digits;
  if (lowest === undefined) return (row) => (Number.isNaN(values[row]) ? null : values[row] / scale);
  return (row) => (values[row] === lowest ? null : values[row] / scale);
}

const NOTHING = () => null;

export class Table {
  constructor() {
    this.rows = 0;
    this.readers = {};
    this.codes = {};
  }

  /** Take the columns of a pack in. */
  add(pack) {
    this.rows = pack.meta.rows;
    for (const [name, kind] of Object.entries(pack.meta.columns)) {
      this.readers[name] = reader(kind, name, pack.arrays);
      if (kind.kind === "words") this.codes[name] = pack.arrays[name + ".codes"];
    }
  }

  has(name) {
    return Object.hasOwn(this.readers, name);
  }

  /** A function from row to value; always null for a column that is not there. */
  reader(name) {
    return this.has(name) ? this.readers[name] : NOTHING;
  }

  /** People by row: as the run counted them, else the official number. */
  residents() {
    const counted = this.reader("people"), official = this.reader("population");
    return (row) => counted(row) ?? official(row);
  }

  value(row, name) {
    return this.reader(name)(row);
  }
}
