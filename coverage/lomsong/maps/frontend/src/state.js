/* What the reader has chosen, and the page's answer to it. */
import { isFiltering, noFilters, rowTest } from "./filters.js";
import { tally } from "./legend.js";
import { findThemes, PLANNED } from "./themes.js";
import { language, setLanguage } from "./words.js";

/* Names of filters in the address begin so. */
const PREFIX = "f.";

export class State {
  constructor(layer, plan) {
    this.layer = layer;
    this.plan = plan;
    this.themes = findThemes(layer.table);
    this.theme = "status";
    this.hidden = new Set();
    this.filters = noFilters();
    this.step = 0;
    this.search = "";
    this.firstSteps = plan ? plan.firstSteps(layer.size) : null;
    this.passes = new Uint8Array(layer.size).fill(1);
    this.listeners = [];
  }

  /** The classes of the legend: those of the theme, and of the plan where there is one. */
  get classes() {
    const { classes } = this.themes[this.theme];
    return this.plan ? [...classes, { ...PLANNED, spare: true }] : classes;
  }

  /** Work out colours and visibility, draw, count, and tell whoever listens. */
  apply() {
    const { classes, classOf } = this.themes[this.theme], { layer, step, firstSteps } = this, all = this.classes;
    const test = rowTest(layer, this.filters);
    layer.looks = all.map((each) => each.look);
    for (let row = 0; row < layer.size; row++) {
      const built = step > 0 && firstSteps[row] > 0 && firstSteps[row] <= step;
      const kind = built ? classes.length : classOf(row);
      const pass = test === null || test(row);
      layer.style[row] = kind;
      this.passes[row] = pass ? 1 : 0;
      layer.visible[row] = pass && !this.hidden.has(kind) ? 1 : 0;
    }
    if (this.plan && this.plan.step !== step) this.plan.build(step);
    this.filterMasts();
    const stands = layer.repaint();
    const sums = tally(layer, all.length, this.passes);
    this.listeners.forEach((listen) => listen(sums));
    if (layer.map) layer.map.fire("lomsong:state");
    return stands;
  }

  filterMasts() {
    const masts = this.layer.map && this.layer.map.lomsongMasts, { operator, technology } = this.filters;
    const key = operator + "\n" + technology;
    if (!masts || !masts.loaded || (this.mastKey || "\n") === key) return;
    this.mastKey = key;
    const who = masts.table.reader("operator"), what = masts.table.reader("technology");
    masts.showSectors(key === "\n" ? null : (row) => (!operator || who(row) === operator) && (!technology || what(row) === technology));
  }

  /** The choices as short texts, for the address of the page; empty ones are the usual. */
  describe() {
    const classes = this.classes, hidden = [...this.hidden].map((kind) => classes[kind].key).join(",");
    const filters = Object.entries(this.filters).filter(([, value]) => value !== "").map(([name, value]) => [PREFIX + name, value]);
    return { lang: language(), theme: this.theme === "status" ? "" : this.theme, hide: hidden, step: this.step ? String(this.step) : "", ...Object.fromEntries(filters) };
  }

  /** Take choices from such texts; whatever does not fit is left out. */
  take(words) {
    setLanguage(words.lang || language());
    this.theme = words.theme && Object.hasOwn(this.themes, words.theme) ? words.theme : "status";
    this.step = this.plan ? Math.max(0, Math.min(this.plan.size, Math.floor(Number(words.step)) || 0)) : 0;
    this.filters = noFilters();
    for (const name of Object.keys(this.filters)) if (Object.hasOwn(words, PREFIX + name)) this.filters[name] = words[PREFIX + name];
    for (const name of ["from", "to"]) if (!Number.isFinite(Number(this.filters[name]))) this.filters[name] = "";
    const hidden = (words.hide || "").split(",");
    this.hidden = new Set(this.classes.map((each, i) => (hidden.includes(each.key) ? i : -1)).filter((i) => i >= 0));
  }

  get filtering() {
    return isFiltering(this.filters);
  }
}
