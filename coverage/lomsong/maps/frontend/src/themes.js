/* What the colours of the villages can mean. A theme has classes, each with a look, and tells the class of a row. */
import { OTHER, STATUSES } from "./looks.js";

const look = (fill, line, pattern = "") => ({ fill, line, pattern });

export const SPEEDS = [
  { key: "speed.2", look: look("#D55E00", "#5c2900", "cross") },
  { key: "speed.10", look: look("#E69F00", "#5f4200", "dots") },
  { key: "speed.40", look: look("#56B4E9", "#0f4a6e", "upright") },
  { key: "speed.100", look: look("#0072B2", "#002f4a") },
  { key: "speed.more", look: look("#003A5C", "#001b2b") },
  { key: "speed.unknown", look: look("#ffffff", "#6b6f76", "slant") },
];
const SPEED_LIMITS = [2, 10, 40, 100];

export function speedClass(rate) {
  if (rate === null) return SPEEDS.length - 1;
  const place = SPEED_LIMITS.findIndex((limit) => rate < limit);
  return place < 0 ? SPEED_LIMITS.length : place;
}

/* Lightness rises from one end to the other, for every eye. */
const CHANCES = [
  { key: "chance.20", look: look("#440154", "#1d0024", "cross") },
  { key: "chance.50", look: look("#3b528b", "#1b2747") },
  { key: "chance.80", look: look("#21918c", "#0a4643", "slant") },
  { key: "chance.95", look: look("#5ec962", "#226b25") },
  { key: "chance.more", look: look("#fde725", "#6e6300") },
  { key: "chance.unknown", look: look("#ffffff", "#6b6f76", "dots") },
];
const CHANCE_LIMITS = [0.2, 0.5, 0.8, 0.95];

const NEEDS = [
  { key: "need.20", look: look("#67000d", "#2b0005", "cross") },
  { key: "need.100", look: look("#cb181d", "#5c0a0c") },
  { key: "need.tenth", look: look("#fb6a4a", "#7a2312", "slant") },
  { key: "need.half", look: look("#fcbba1", "#84543f") },
  { key: "need.rest", look: look("#fff5f0", "#8a7a73") },
  { key: "need.none", look: look("#ffffff", "#6b6f76", "dots") },
];

const QUALITIES = [
  { key: "cause.contradiction", look: look("#D55E00", "#5c2900", "cross") },
  { key: "cause.weak evidence", look: look("#E69F00", "#5f4200", "dots") },
  { key: "cause.missing input", look: look("#CC79A7", "#5e2846", "slant") },
  { key: "quality.flag", look: look("#F0E442", "#5e5800", "level") },
  { key: "quality.none", look: look("#dfe7ec", "#7b8a94") },
  { key: "quality.hand", look: look("#56B4E9", "#0f4a6e", "upright"), spare: true },
];
const CAUSES = ["contradiction", "weak evidence", "missing input"];

export const PLANNED = { key: "planned", look: look("#009E73", "#00382a", "slant") };

function byStatus(table) {
  const names = Object.keys(STATUSES), status = table.reader("status"), codes = new Map(names.map((name, i) => [name, i]));
  const classes = [...names.map((name) => ({ key: "status." + name, meaning: "meaning." + name, look: STATUSES[name] })),
    { key: "status.other", meaning: "meaning.other", look: OTHER, spare: true }];
  return { classes, classOf: (row) => codes.get(status(row)) ?? names.length };
}

function byNeed(table) {
  const rank = table.reader("rank"), limits = [20, 100, table.rows / 10, table.rows / 2];
  return { classes: NEEDS, classOf: (row) => {
    const place = rank(row);
    if (place === null) return NEEDS.length - 1;
    const found = limits.findIndex((limit) => place <= limit);
    return found < 0 ? limits.length : found;
  } };
}

function byChance(table) {
  const p = table.reader("p_signal");
  return { classes: CHANCES, classOf: (row) => {
    const chance = p(row);
    if (chance === null) return CHANCES.length - 1;
    const found = CHANCE_LIMITS.findIndex((limit) => chance < limit);
    return found < 0 ? CHANCE_LIMITS.length : found;
  } };
}

function byQuality(table) {
  const cause = table.reader("verify_cause"), flag = table.reader("quality_word"), byHand = table.reader("override");
  return { classes: QUALITIES, classOf: (row) => {
    if (byHand(row) !== null) return 5;
    const found = CAUSES.indexOf(cause(row));
    return found >= 0 ? found : flag(row) === null ? 4 : 3;
  } };
}

/** The themes that a table has the columns for, by name. */
export function findThemes(table) {
  const themes = { status: byStatus(table) };
  if (table.has("p_signal")) themes.chance = byChance(table);
  if (table.has("rank")) themes.need = byNeed(table);
  if (table.has("download_mbps")) {
    const rate = table.reader("download_mbps");
    themes.speed = { classes: SPEEDS, classOf: (row) => speedClass(rate(row)) };
  }
  if (table.has("verify_cause") || table.has("quality_word") || table.has("override")) themes.quality = byQuality(table);
  return themes;
}
