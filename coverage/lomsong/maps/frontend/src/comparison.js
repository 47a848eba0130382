/* Several runs on one map: a slider through time, and two of them on either side of a line. A script of its own, so that
   the map of one run carries none of it. Foreign text goes in as text. */
import { RUN_WORDS } from "./run_words.js";

const { addWords, count, foreign, make, register, t, unpack } = window.lomsong.kit;
addWords(RUN_WORDS);

const ABSENT = { fill: "#ffffff", line: "#8d929a", pattern: "" };
/* One press of an arrow key, as part of the width. */
const STEP = 0.02;
const SILENT = ["status.white", "status.verify", "absent"];

/** Hang the comparison onto the map; the panel asks for it. */
function comparison(map, layer, name) {
  let names = [], kinds = [], state = null, at = 0, beside = -1, share = 0.5, twin = null, handle = null, box = null;
  const ready = register(Promise.all([unpack(name), layer.ready]).then(([pack]) => {
    names = pack.meta.runs;
    kinds = names.map((_, run) => [pack.meta.statuses, pack.arrays["run" + run]]);
    at = names.length - 1;
  }));

  function begin(given) {
    state = given;
    const { classes } = state.themes.status, usual = classes.findIndex((each) => each.key === "status.other"), absent = classes.length;
    kinds = kinds.map(([statuses, codes]) => {
      const kindOf = statuses.map((status) => classes.findIndex((each) => each.key === "status." + status));
      return codes.map((code) => (code === 255 ? absent : kindOf[code] >= 0 ? kindOf[code] : usual));
    });
    state.themes.status = {
      classes: [...classes, { key: "absent", meaning: "meaning.absent", look: ABSENT, spare: true }], classOf: (row) => kinds[at][row],
    };
    /* the address of the page tells the runs too */
    const describe = state.describe.bind(state), take = state.take.bind(state);
    state.describe = () => ({ ...describe(), run: at < names.length - 1 ? String(at) : "", beside: beside >= 0 ? String(beside) : "" });
    state.take = (words) => {
      take(words);
      at = pick(words.run, names.length - 1);
      beside = pick(words.beside, -1);
    };
    map.on("lomsong:state", renew);
    map.on("move zoomend resize", clip);
  }

  function pick(word, otherwise) {
    return word !== undefined && /^\d+$/.test(word) && Number(word) < names.length ? Number(word) : otherwise;
  }

  /** Villages by what became of them between two runs. */
  function changes(from, to) {
    const { classes } = state.themes.status, white = classes.findIndex((each) => each.key === "status.white");
    const lit = classes.map((each) => !SILENT.includes(each.key));
    let gained = 0, lost = 0, dark = 0, size = 0;
    for (let row = 0; row < layer.size; row++) {
      const was = from < 0 ? -1 : kinds[from][row], now = kinds[to][row];
      if (classes[now].key !== "absent") size += 1;
      if (now === white) dark += 1;
      if (was === white && lit[now]) gained += 1;
      if (was >= 0 && lit[was] && now === white) lost += 1;
    }
    return { gained, lost, dark, size };
  }

  function section() {
    const slider = make("input", { type: "range", min: 0, max: names.length - 1, step: 1, id: "lomsong-run" });
    const told = make("p", { class: "lomsong-note", "aria-live": "polite" }), now = make("output", { for: "lomsong-run", class: "lomsong-now" });
    const head = make("p", { class: "lomsong-headline" });
    const other = make("select", { id: "lomsong-beside" }, make("option", { value: -1 }, t("noRun")), ...names.map((each, run) => make("option", { value: run }, each)));
    slider.addEventListener("input", () => choose(Number(slider.value), beside));
    other.addEventListener("change", () => choose(at, Number(other.value)));
    box = { slider, other, told, now, head };
    return make("section", { class: "lomsong-runs" }, head, make("h2", {}, t("throughTime")),
      make("label", { class: "lomsong-field", for: "lomsong-run" }, make("span", {}, t("run")), now), slider,
      make("label", { class: "lomsong-field" }, make("span", {}, t("sideBySide")), other), told,
      make("p", { class: "lomsong-note" }, t("cardsOf", { run: names.at(-1) })));
  }

  function choose(run, side) {
    [at, beside] = [run, side];
    const theme = document.querySelector("option[value=status]")?.parentElement;
    if (state.theme === "status" || !theme) return void state.apply();
    /* another theme knows one run only */
    theme.value = "status";
    theme.dispatchEvent(new Event("change"));
  }

  /** Tell what is shown, and draw the run on the left. */
  function renew() {
    if (state.theme !== "status") beside = -1;
    const from = beside >= 0 ? beside : at - 1, { gained, lost, dark, size } = changes(from, at);
    box.slider.value = at;
    box.slider.setAttribute("aria-valuetext", names[at]);
    box.other.value = beside;
    box.now.replaceChildren(foreign(names[at]));
    box.head.replaceChildren(make("strong", {}, count(dark)), " " + t(size === 1 ? "headlineOne" : "headline", { n: count(size) }));
    box.told.textContent = from < 0 ? "" : t("runSince", { run: names[from], lit: count(gained), dark: count(lost) });
    if (beside < 0) return part();
    if (!twin) meet();
    for (let row = 0; row < layer.size; row++) {
      twin.style[row] = kinds[beside][row];
      twin.visible[row] = state.passes[row] && !state.hidden.has(twin.style[row]) ? 1 : 0;
    }
    twin.looks = layer.looks;
    twin.repaint();
    clip();
  }

  function meet() {
    twin = new layer.constructor(null, layer);
    twin.addTo(map);
    handle = make("div", { class: "lomsong-divider", role: "slider", tabindex: 0, "aria-valuemin": 0, "aria-valuemax": 100, onkeydown: press, onpointerdown: drag });
    L.DomEvent.disableClickPropagation(handle);
    map.getContainer().append(handle);
  }

  function part() {
    if (!twin) return;
    twin.remove();
    handle.remove();
    twin = handle = null;
    layer.getContainer().style.clip = "";
  }

  function moveTo(wanted) {
    share = Math.min(Math.max(wanted, 0), 1);
    clip();
  }

  function press(event) {
    const to = { ArrowLeft: share - STEP, ArrowRight: share + STEP, Home: 0, End: 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    moveTo(to);
  }

  function drag(event) {
    const frame = map.getContainer().getBoundingClientRect(), follow = (moved) => moveTo((moved.clientX - frame.left) / frame.width);
    event.preventDefault();
    handle.focus();
    handle.setPointerCapture(event.pointerId);
    handle.addEventListener("pointermove", follow);
    handle.addEventListener("lostpointercapture", () => handle && handle.removeEventListener("pointermove", follow), { once: true });
  }

  /** Cut both layers off at the line. */
  function clip() {
    if (!twin) return;
    const size = map.getSize(), nw = map.containerPointToLayerPoint([0, 0]), x = nw.x + size.x * share, edges = [nw.y, nw.x + size.x, nw.y + size.y, nw.x];
    const rect = ([top, right, bottom, left]) => `rect(${top}px,${right}px,${bottom}px,${left}px)`;
    if (layer.getContainer()) layer.getContainer().style.clip = rect([edges[0], edges[1], edges[2], x]);
    twin.getContainer().style.clip = rect([edges[0], x, edges[2], edges[3]]);
    handle.style.left = share * 100 + "%";
    handle.setAttribute("aria-valuenow", Math.round(share * 100));
    handle.setAttribute("aria-label", t("divider", { left: names[beside], right: names[at] }));
    handle.replaceChildren(foreign(names[beside]), foreign(names[at]));
  }

  map.lomsongComparison = { ready, begin, section };
}

window.lomsong.comparison = comparison;
