/* What one can do with the map: measure, full screen, print, picture, table, link. */
import { csvOf } from "./csv.js";
import { rankOrder } from "./lists.js";
import { make } from "./make.js";
import { distance } from "./numbers.js";
import { drawSheet } from "./picture.js";
import { t } from "./words.js";

function download(name, blob) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Rows that are shown, in the order of the ranking; those without a rank follow. */
export function shownRows(layer) {
  const rows = [], seen = new Uint8Array(layer.size);
  const take = (row) => {
    if (layer.visible[row] && !seen[row]) rows.push(row);
    seen[row] = 1;
  };
  rankOrder(layer).forEach(take);
  for (let row = 0; row < layer.size; row++) take(row);
  return rows;
}

async function saveTable(layer) {
  await layer.restReady;
  download("villages.csv", new Blob([csvOf(layer.table, shownRows(layer))], { type: "text/csv;charset=utf-8" }));
}

function savePicture(map, labels, state) {
  drawSheet(map, labels, state).toBlob((blob) => download("map.png", blob));
}

/* Browsers print canvases of a moving map badly: what is printed is one picture. */
async function print(map, labels, state) {
  document.querySelector(".lomsong-print")?.remove();
  const picture = make("img", { class: "lomsong-print", alt: "", src: drawSheet(map, labels, state).toDataURL() });
  document.body.append(picture);
  await picture.decode();
  window.print();
}

/** Distances along a line: clicks add corners, so does Enter in the middle of the map; Escape ends it. */
export function measure(map, button, told) {
  let line = null, corners = [];
  const tell = () => {
    let metres = 0;
    for (let i = 1; i < corners.length; i++) metres += map.distance(corners[i - 1], corners[i]);
    told.textContent = line ? (corners.length < 2 ? t("measureHint") : distance(metres)) : "";
  };
  const add = (latLng) => {
    corners.push(latLng);
    line.setLatLngs(corners);
    tell();
  };
  const onClick = (event) => add(event.latlng);
  const onKey = (event) => {
    if (event.key === "Enter") {
      event.stopPropagation();
      add(map.getCenter());
    }
    if (event.key === "Escape") end();
  };
  function end() {
    if (!line) return;
    line.remove();
    line = null;
    map.lomsongBusy = false;
    map.off("click", onClick);
    map.getContainer().removeEventListener("keydown", onKey, true);
    map.getContainer().classList.remove("lomsong-measuring");
    button.setAttribute("aria-pressed", "false");
    tell();
  }
  function begin() {
    corners = [];
    line = L.polyline([], { color: "#111111", weight: 3, dashArray: "6 4", interactive: false }).addTo(map);
    map.lomsongBusy = true;
    map.closePopup();
    map.on("click", onClick);
    map.getContainer().addEventListener("keydown", onKey, true);
    map.getContainer().classList.add("lomsong-measuring");
    button.setAttribute("aria-pressed", "true");
    map.getContainer().focus({ preventScroll: true });
    tell();
  }
  return () => (line ? end() : begin());
}

/** How to put the page, as it stands, into another. */
function showEmbed(labels) {
  const file = decodeURIComponent(location.pathname.split("/").pop()) || "map.html";
  const frame = [["src", encodeURIComponent(file) + location.hash], ["title", labels.name], ["width", "100%"], ["height", "600"], ["loading", "lazy"],
    ["sandbox", "allow-scripts allow-downloads"], ["style", "border:0"]];
  const box = make("textarea", { readonly: true, rows: 5, "aria-label": t("embed") });
  box.value = "<iframe " + frame.map(([name, value]) => name + '="' + value.replace(/[&<>"]/g, (mark) => "&#" + mark.charCodeAt(0) + ";") + '"').join(" ") + "></iframe>";
  const dialog = make("dialog", { class: "lomsong-dialog", onclose: () => dialog.remove() }, make("h2", {}, t("embed")), make("p", {}, t("embedHint")), box,
    make("form", { method: "dialog" }, make("button", { class: "lomsong-button" }, t("close"))));
  document.body.append(dialog);
  dialog.showModal();
  box.select();
}

export function tools(map, layer, labels, state) {
  const told = make("p", { class: "lomsong-note", "aria-live": "polite" });
  const button = (key, act) => make("button", { type: "button", class: "lomsong-button", onclick: act }, t(key));
  const ruler = button("measure", () => toggle());
  const toggle = measure(map, ruler, told);
  ruler.setAttribute("aria-pressed", "false");
  return make("section", {}, make("h2", {}, t("tools")), make("div", { class: "lomsong-tools" },
    ruler,
    document.fullscreenEnabled ? button("fullscreen", () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen())) : null,
    button("print", () => print(map, labels, state)),
    button("savePicture", () => savePicture(map, labels, state)),
    button("saveTable", () => saveTable(layer)),
    button("embed", () => showEmbed(labels))), told);
}
