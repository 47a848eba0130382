/* The relief lies over the villages and only darkens them, as hills shade a printed map. */
import { addPane } from "./make.js";
import { unpack } from "./pack.js";
import { register } from "./ready.js";

/* A picture that holds itself: a page in a sandbox may not show others, and its canvas stays clean for exports. */
function pictureOf(png) {
  let text = "";
  for (let i = 0; i < png.length; i += 0x8000) text += String.fromCharCode(...png.subarray(i, i + 0x8000));
  return "data:image/png;base64," + btoa(text);
}

const Relief = L.LayerGroup.extend({
  initialize(name) {
    L.LayerGroup.prototype.initialize.call(this);
    this.ready = register(this.load(name));
  },

  async load(name) {
    const { meta, arrays } = await unpack(name + "_first"), [south, west, north, east] = meta.bounds;
    this.picture = L.imageOverlay(pictureOf(arrays.png), [[south, west], [north, east]], { pane: "lomsong-relief", className: "lomsong-relief" });
    this.addLayer(this.picture);
  },

  onAdd(map) {
    addPane(map, "lomsong-relief", 395).style.mixBlendMode = "multiply";
    L.LayerGroup.prototype.onAdd.call(this, map);
  },
});

export const relief = (name) => new Relief(name);
