/* What the reader looks at, in the address of the page. */

/** Keep the state of map and panel in the hash, and take it from there. `restore` writes the panel again. */
export function permalink(map, layer, state, restore) {
  let ours = null, open = null;

  function write() {
    const centre = map.getCenter(), words = new URLSearchParams();
    words.set("at", [map.getZoom(), centre.lat.toFixed(5), centre.lng.toFixed(5)].join("/"));
    for (const [name, value] of Object.entries(state.describe())) if (value) words.set(name, value);
    if (open !== null) words.set("village", layer.value(open, "village_id"));
    ours = "#" + words;
    try {
      history.replaceState(null, "", ours);
    } catch {
      ours = null; // a page in a sandbox has no address of its own
    }
  }

  function read() {
    const words = new URLSearchParams(location.hash.slice(1)), place = (words.get("at") || "").split("/").map(Number);
    if (!words.size && !location.hash) return false;
    state.take(Object.fromEntries(words));
    restore();
    if (place.length === 3 && place.every(Number.isFinite) && Math.abs(place[1]) < 86) map.setView([place[1], place[2]], place[0], { animate: false });
    const wanted = words.get("village");
    if (wanted !== null) {
      const id = layer.table.reader("village_id");
      for (let row = 0; row < layer.size; row++) if (id(row) === wanted) return void layer.open(row);
    }
    return place.length === 3;
  }

  const restored = read();
  let soon = 0;
  const later = () => {
    clearTimeout(soon);
    soon = setTimeout(write, 150);
  };
  map.on("moveend", later);
  map.on("lomsong:open", ({ row }) => {
    open = row;
    later();
  });
  map.on("lomsong:state", later);
  window.addEventListener("hashchange", () => location.hash !== ours && read());
  return restored;
}
