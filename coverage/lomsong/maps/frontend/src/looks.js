/* Colours and patterns. */
import { make } from "./make.js";

/* Okabe and Ito's colours, told apart with any colour vision. Pattern and outline say the same without colour. */
export const STATUSES = {
  white: { fill: "#D55E00", line: "#5c2900", pattern: "cross" },
  hollow: { fill: "#E69F00", line: "#5f4200", pattern: "dots" },
  underserved: { fill: "#F0E442", line: "#5e5800", pattern: "level" },
  verify: { fill: "#CC79A7", line: "#5e2846", pattern: "slant" },
  covered: { fill: "#56B4E9", line: "#0f4a6e", pattern: "upright" },
  served: { fill: "#0072B2", line: "#002f4a", pattern: "" },
};
export const OTHER = { fill: "#FFFFFF", line: "#444444", pattern: "" };

/** A colour like `#D55E00` as a pixel of picture data; all machines with browsers keep the lowest byte first. */
export const pixelOf = (colour, opacity = 1) => ((Math.round(opacity * 255) << 24) | (parseInt(colour.slice(5, 7), 16) << 16) | (parseInt(colour.slice(3, 5), 16) << 8) | parseInt(colour.slice(1, 3), 16)) >>> 0;

const SIDE = 8;
const STROKES = {
  cross: [[0, 0, 8, 8], [0, 8, 8, 0]],
  slant: [[-2, 2, 2, -2], [0, 8, 8, 0], [6, 10, 10, 6]],
  level: [[0, 4, 8, 4]],
  upright: [[4, 0, 4, 8]],
};
const tiles = {};

/** A small tile to be repeated over a fill; null for a plain one. */
export function patternTile(look) {
  if (!look.pattern) return null;
  const key = look.pattern + look.line;
  if (tiles[key]) return tiles[key];
  const tile = make("canvas", { width: SIDE, height: SIDE });
  const pen = tile.getContext("2d");
  pen.strokeStyle = pen.fillStyle = look.line;
  pen.globalAlpha = 0.5;
  pen.lineWidth = 0.9;
  for (const [x0, y0, x1, y1] of STROKES[look.pattern] || []) {
    pen.beginPath();
    pen.moveTo(x0, y0);
    pen.lineTo(x1, y1);
    pen.stroke();
  }
  if (look.pattern === "dots") {
    for (const [x, y] of [[2, 2], [6, 6]]) {
      pen.beginPath();
      pen.arc(x, y, 1.3, 0, 7);
      pen.fill();
    }
  }
  tiles[key] = tile;
  return tile;
}

/** A sample of a look for legends and lists. */
export function swatch(look) {
  const ratio = window.devicePixelRatio || 1, wide = 26, high = 16;
  const box = make("canvas", { class: "lomsong-swatch", width: wide * ratio, height: high * ratio, "aria-hidden": "true" });
  const pen = box.getContext("2d");
  pen.scale(ratio, ratio);
  pen.rect(1, 1, wide - 2, high - 2);
  pen.fillStyle = look.fill;
  pen.fill();
  if (look.pattern) {
    pen.fillStyle = pen.createPattern(patternTile(look), "repeat");
    pen.fill();
  }
  pen.strokeStyle = look.line;
  pen.lineWidth = 1.6;
  pen.stroke();
  return box;
}

const BORDERS = { commune_name: { width: 1.4, dash: [6, 3] }, province_name: { width: 2.6, dash: [] } };

/** Draw the path of a pen as borders of an administrative level. */
export function strokeBorder(pen, column) {
  const look = BORDERS[column];
  pen.strokeStyle = "#111111";
  pen.lineWidth = look.width;
  pen.lineJoin = "round";
  pen.setLineDash(look.dash);
  pen.stroke();
  pen.setLineDash([]);
}
