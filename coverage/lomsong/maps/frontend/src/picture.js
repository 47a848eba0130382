/* The map as a picture, with title, legend, scale, sources and date, as the page shows it at the moment. */
import { t } from "./words.js";

const PANES = ["lomsong", "lomsong-signal", "lomsong-relief", "lomsong-water", "lomsong-roads", "lomsong-hexagons", "lomsong-borders", "lomsong-masts", "lomsong-plan"];
const FONT = 'system-ui, "Segoe UI", "Noto Sans", sans-serif';
const MARGIN = 16, HEAD = 44, FOOT = 40;

/** Draw what our layers have drawn. */
function drawLayers(pen, map) {
  const frame = map.getContainer().getBoundingClientRect();
  for (const name of PANES) {
    const pane = map.getPane(name);
    if (!pane) continue;
    pen.globalCompositeOperation = name === "lomsong-relief" ? "multiply" : "source-over";
    for (const tile of pane.querySelectorAll("canvas, img")) {
      const box = tile.getBoundingClientRect(), opacity = tile.closest(".leaflet-layer");
      pen.globalAlpha = opacity && opacity.style.opacity ? Number(opacity.style.opacity) : 1;
      if (box.width && tile.style.visibility !== "hidden") pen.drawImage(tile, box.left - frame.left, box.top - frame.top, box.width, box.height);
    }
  }
  pen.globalCompositeOperation = "source-over";
  pen.globalAlpha = 1;
}

/** Shorten words to a width. */
function fit(pen, text, width) {
  if (pen.measureText(text).width <= width) return text;
  let letters = [...text].slice(0, 400);
  while (letters.length && pen.measureText(letters.join("") + "…").width > width) letters = letters.slice(0, -1);
  return letters.join("") + "…";
}

function drawLegend(pen, classes, width, height) {
  const wide = 190, high = classes.length * 20 + 12, left = width - wide - 10, top = height - high - 10;
  pen.fillStyle = "rgba(255, 255, 255, 0.92)";
  pen.fillRect(left, top, wide, high);
  pen.strokeStyle = "#868c95";
  pen.strokeRect(left + 0.5, top + 0.5, wide, high);
  pen.font = "12px " + FONT;
  classes.forEach(({ look, label }, i) => {
    const y = top + 8 + i * 20;
    pen.fillStyle = look.fill;
    pen.fillRect(left + 8, y, 22, 13);
    pen.strokeStyle = look.line;
    pen.strokeRect(left + 8.5, y + 0.5, 22, 13);
    pen.fillStyle = "#1d1d1f";
    pen.fillText(fit(pen, label, wide - 46), left + 38, y + 11);
  });
}

/** A bar of a round length; its metres hold in the middle of the map. */
function drawScale(pen, map, height) {
  const middle = height / 2, metres = map.distance(map.containerPointToLatLng([0, middle]), map.containerPointToLatLng([140, middle]));
  const power = 10 ** Math.floor(Math.log10(metres)), round = [5, 2, 1].find((n) => n * power <= metres) * power;
  const wide = (140 * round) / metres;
  pen.fillStyle = "rgba(255, 255, 255, 0.85)";
  pen.fillRect(10, height - 34, wide + 16, 26);
  pen.fillStyle = "#1d1d1f";
  pen.fillRect(18, height - 15, wide, 3);
  pen.font = "12px " + FONT;
  pen.fillText(round < 1000 ? round + " m" : round / 1000 + " km", 18, height - 19);
}

/** The whole sheet as a canvas. */
export function drawSheet(map, labels, state) {
  const { x: width, y: height } = map.getSize(), ratio = 2;
  const sheet = document.createElement("canvas");
  sheet.width = (width + 2 * MARGIN) * ratio;
  sheet.height = (height + HEAD + FOOT) * ratio;
  const pen = sheet.getContext("2d");
  pen.scale(ratio, ratio);
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, width + 2 * MARGIN, height + HEAD + FOOT);
  pen.fillStyle = "#1d1d1f";
  pen.font = "600 18px " + FONT;
  const mark = labels.synthetic ? t("syntheticMark") + " · " : "";
  pen.fillText(fit(pen, mark + labels.name, width), MARGIN, 29);
  pen.save();
  pen.translate(MARGIN, HEAD);
  pen.beginPath();
  pen.rect(0, 0, width, height);
  pen.clip();
  pen.fillStyle = "#f3f4f6";
  pen.fillRect(0, 0, width, height);
  drawLayers(pen, map);
  drawLegend(pen, state.classes.filter((each) => !each.spare).map((each) => ({ look: each.look, label: t(each.key) })), width, height);
  drawScale(pen, map, height);
  pen.restore();
  pen.fillStyle = "#3c3f45";
  pen.font = "11px " + FONT;
  pen.fillText(fit(pen, t("sources") + ": " + (labels.attributions.join(", ") || "–"), width), MARGIN, HEAD + height + 17);
  pen.fillText("lomsong · Leaflet · " + new Date().toISOString().slice(0, 10), MARGIN, HEAD + height + 32);
  return sheet;
}
