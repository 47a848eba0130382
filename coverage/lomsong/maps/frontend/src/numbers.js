/* Numbers and units in the language of the page. */
import { language, t } from "./words.js";

const formats = {};

function format(digits, least = 0) {
  const key = language() + digits + least;
  formats[key] = formats[key] || new Intl.NumberFormat(language(), { maximumFractionDigits: digits, minimumFractionDigits: least });
  return formats[key];
}

export const count = (value) => format(0).format(value);
export const tenth = (value) => format(1).format(value);

export function percent(share) {
  if (share > 0 && share < 0.01) return "< 1 %";
  if (share < 1 && share > 0.99) return "> 99 %";
  return count(share * 100) + " %";
}

export function distance(metres) {
  return metres < 1000 ? count(metres) + " m" : format(1, 1).format(metres / 1000) + " km";
}

export const people = (number) => t(Math.round(number) === 1 ? "person" : "people", { n: count(number) });
