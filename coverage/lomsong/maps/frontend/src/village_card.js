/* What a village's popup says. */
import { fact, lookUp, said } from "./card.js";
import { swatch } from "./looks.js";
import { dotted, foreign, make } from "./make.js";
import { count, distance, people, percent, tenth } from "./numbers.js";
import { tellReasons } from "./reasons.js";
import { has, t } from "./words.js";

function speed(cell) {
  const middle = cell("download_mbps"), low = cell("download_low_mbps"), high = cell("download_high_mbps");
  const parts = [];
  if (middle !== null) parts.push(tenth(middle) + " Mbit/s");
  if (low !== null && high !== null) parts.push(t("interval", { low: tenth(low), high: tenth(high) }));
  const tests = cell("mobile_tests"), shown = cell("mobile_tests_shown");
  if (tests === null && shown !== null) parts.push(t("tests", { n: shown }));
  else if (tests === 0) parts.push(t("noTests"));
  else if (tests !== null) parts.push(t(tests === 1 ? "test" : "tests", { n: count(tests) }));
  return parts.length ? parts.join(", ") : null;
}

function fixedLine(cell) {
  const rate = cell("fixed_download_mbps"), line = cell("fixed_line");
  if (line === "absent") return t("lineAbsent");
  if (line !== "present") return null;
  return t("present") + (rate === null ? "" : ", " + tenth(rate) + " Mbit/s");
}

function inhabitants(layer, row, cell) {
  const parts = [said(layer.table.residents()(row), people), said(cell("households"), (n) => t("households", { n: count(n) }))];
  return parts.filter(Boolean).join(", ") || null;
}

function standing(layer, cell) {
  const rank = cell("rank");
  if (rank === null) return null;
  const bars = make("dl", { class: "lomsong-parts" });
  for (const name of ["need_people", "need_severity", "need_isolation"]) {
    const score = cell(name);
    if (score === null) continue;
    const bar = make("span", { class: "lomsong-bar", "aria-hidden": "true" }, make("i"));
    bar.firstChild.style.width = Math.max(0, Math.min(100, score)) + "%";
    bars.append(make("dt", {}, t(name)), make("dd", {}, bar, count(score)));
  }
  return make("section", {},
    make("h3", {}, t("rankOf", { rank: count(rank), size: count(layer.size) }),
      said(cell("need"), (need) => make("small", {}, " " + t("needOf", { need: tenth(need) })))),
    bars.children.length ? bars : null);
}

function flags(cell) {
  const noticed = cell("quality_flags");
  if (noticed === null) return null;
  return make("section", {}, make("h3", {}, t("noticed")), make("ul", { class: "lomsong-flags" }, ...noticed.split("\n").map((words) => make("li", {}, foreign(words)))));
}

/* An SVG shown as a picture runs no scripts and loads nothing. */
function profile(layer, row) {
  const svg = layer.picture(row);
  if (svg === null) return null;
  const bytes = new TextEncoder().encode(svg);
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return make("section", {}, make("h3", {}, t("profile")), make("img", { class: "lomsong-profile", alt: t("profileAlt"), src: "data:image/svg+xml;base64," + btoa(text) }));
}

export function describeVillage(layer, row) {
  const cell = (name) => layer.value(row, name), status = cell("status");
  const places = ["commune_name", "district_name", "province_name"].map(cell).filter((name) => name !== null);
  const cause = cell("verify_cause"), yesNo = (on) => t(on ? "yes" : "no");
  const facts = make("dl", { class: "lomsong-facts" });
  fact(facts, t("signalAtCentre"), said(cell("p_signal"), (p) => t("likely", { p: percent(p) })));
  fact(facts, t("peopleWithSignal"), said(cell("covered_share"), percent));
  fact(facts, t("livesHere"), inhabitants(layer, row, cell));
  fact(facts, t("withoutSignal"), said(cell("unserved_people"), (n) => t("aboutPeople", { n: count(n) })));
  fact(facts, t("nearestMast"), said(cell("nearest_site_m"), distance));
  fact(facts, t("mobileDownload"), speed(cell));
  fact(facts, t("fixedLine"), fixedLine(cell));
  if (layer.has("connection")) fact(facts, t("connection"), said(cell("connection"), (kind) => (kind === "unknown" ? null : lookUp("connection", kind))));
  fact(facts, t("gridPower"), said(cell("grid_power"), yesNo));
  fact(facts, t("fundArea"), said(cell("fund_eligible"), yesNo));
  fact(facts, t("evidence"), said(cell("evidence"), (kind) => lookUp("evidence", kind)));
  fact(facts, t("confidence"), said(cell("confidence"), percent));
  return [
    make("h2", {}, foreign(layer.title(row))),
    make("p", { class: "lomsong-place" }, ...dotted([cell("village_id"), ...places].map((name) => foreign(name)))),
    make("p", { class: "lomsong-status" }, swatch(layer.statusLook(row)), make("strong", {}, t("status." + (has("status." + status) ? status : "other"))),
      make("span", {}, cause !== null && has("cause." + cause) ? t("cause." + cause) : t("meaning." + (has("meaning." + status) ? status : "other")))),
    said(cell("reasons"), (words) => make("p", { class: "lomsong-reasons" }, foreign(tellReasons(words)))),
    facts,
    flags(cell),
    standing(layer, cell),
    profile(layer, row),
  ].filter((part) => part !== null);
}
