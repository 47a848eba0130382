/* The reasons of a verdict are sent in English. They are made of phrases, which Python sends in both languages: each
   part of a reason is matched with the English phrases and told with the Vietnamese one. What is no phrase stays. */
import { language } from "./words.js";

const NUMBER = /^\u2212?\d[\d.,]*$/;
/* Nobody writes reasons as long as this; such a text is shown as it is. */
const LONGEST = 4000;
let phrases = [];

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Take the phrases: pairs of English and Vietnamese with names in braces. */
export function setPhrases(pairs) {
  phrases = pairs.map(([english, vietnamese]) => {
    const names = [], pattern = english.split(/\{(\w+)\}/).map((part, i) => (i % 2 ? (names.push(part), "(.+)") : escaped(part))).join("");
    return { pattern: new RegExp("^" + pattern + "$", "s"), names, vietnamese };
  });
}

/** Numbers have their marks the other way round. */
const inVietnamese = (value) => (NUMBER.test(value) ? value.replace(/[.,]/g, (mark) => (mark === "." ? "," : ".")) : value);

function translate(part) {
  for (const { pattern, names, vietnamese } of phrases) {
    const found = pattern.exec(part);
    if (found) return vietnamese.replace(/\{(\w+)\}/g, (_, name) => inVietnamese(found[names.indexOf(name) + 1]));
  }
  return part;
}

/** Reasons in the language of the page. */
export const tellReasons = (text) => (language() === "vi" && text.length < LONGEST ? text.split("; ").map(translate).join("; ") : text);
