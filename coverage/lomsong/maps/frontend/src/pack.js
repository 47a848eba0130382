/* Packs: gzip as base64 in a script tag, made by Python's `packing`. */
import { gunzipSync } from "fflate";
import { takeText } from "./chunks.js";

/** The bytes of a script tag or of the chunk that it stands for. */
async function takeBytes(id) {
  const text = await takeText(id);
  if (text === null) return null;
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text), bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Unzip; browsers older than 2023 have no DecompressionStream and take the slower way. */
export async function gunzip(bytes) {
  if (typeof DecompressionStream === "undefined") return gunzipSync(bytes);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const VIEWS = { u1: Uint8Array, i1: Int8Array, u2: Uint16Array, i2: Int16Array, u4: Uint32Array, i4: Int32Array, f8: Float64Array };

/** Read an unzipped pack: `meta`, and the arrays by name as views of the same memory. */
export function readPack(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerSize = view.getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + headerSize)));
  const arrays = {}, begin = bytes.byteOffset + 4 + headerSize;
  for (const [name, kind, offset, size] of header.arrays) {
    const View = VIEWS[kind];
    arrays[name] = new View(bytes.buffer, begin + offset, size / View.BYTES_PER_ELEMENT);
  }
  return { meta: header.meta, arrays };
}

/** The pack in a script tag, null where there is none. */
export async function unpack(id) {
  const bytes = await takeBytes(id);
  return bytes ? readPack(await gunzip(bytes)) : null;
}

/** Read unsigned numbers of seven bits a byte. */
export function readVarints(bytes) {
  let count = 0;
  for (let i = 0; i < bytes.length; i++) count += bytes[i] < 128 ? 1 : 0;
  const values = new Uint32Array(count);
  for (let i = 0, at = 0; at < count; at++) {
    let byte = bytes[i++], value = byte & 127, shift = 7;
    while (byte > 127) {
      byte = bytes[i++];
      value |= (byte & 127) << shift;
      shift += 7;
    }
    values[at] = value;
  }
  return values;
}

/** Read a sequence written as zigzag differences, without its lowest `shift` bits. */
export function readDeltas(bytes, shift = 0) {
  const steps = readVarints(bytes), values = new Int32Array(steps.length);
  for (let i = 0, sum = 0; i < steps.length; i++) {
    sum += (steps[i] >>> 1) ^ -(steps[i] & 1);
    values[i] = sum << shift;
  }
  return values;
}

/** Sizes to begins, with the end of the last. */
export function cumulate(sizes) {
  const begins = new Uint32Array(sizes.length + 1);
  for (let i = 0; i < sizes.length; i++) begins[i + 1] = begins[i] + sizes[i];
  return begins;
}
