/* Lomsong's layers for Leaflet and the panel beside the map. Names and texts are other people's data: they reach the
   page as text nodes only, never as HTML. */
import { borders } from "./borders.js";
import { chunk } from "./chunks.js";
import { layerControl } from "./layer_control.js";
import { foreign, make } from "./make.js";
import { masts } from "./masts.js";
import { measurements } from "./measurements.js";
import { count } from "./numbers.js";
import { unpack } from "./pack.js";
import { panel, shown } from "./panel.js";
import { answerMouse } from "./picking.js";
import { plan } from "./plan.js";
import { isReady, register } from "./ready.js";
import { relief } from "./relief.js";
import { signal } from "./signal.js";
import { tiles } from "./tiles.js";
import { Villages, villages } from "./villages.js";
import { roads, water } from "./ways.js";
import { addWords, t } from "./words.js";

/** Read the JSON that Python put beside this script, and let go of its text. */
function data(id) {
  const element = document.getElementById(id);
  const value = JSON.parse(element.textContent);
  element.remove();
  return value;
}

window.lomsong = { villages, masts, relief, signal, measurements, plan, borders, roads, water, tiles, panel, layerControl, data, chunk, isReady, shown,
  /* what a script of its own, such as the comparison of runs, is built with */
  kit: { Villages, addWords, answerMouse, count, foreign, make, register, t, unpack } };
