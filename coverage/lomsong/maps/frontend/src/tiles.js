/* A map from the network beneath all else, where whoever made the page asked for one. */
import { asHtml } from "./make.js";
import { unpack } from "./pack.js";
import { register } from "./ready.js";

const Tiles = L.LayerGroup.extend({
  initialize(name) {
    L.LayerGroup.prototype.initialize.call(this);
    this.ready = register(this.load(name));
  },

  async load(name) {
    const { meta } = await unpack(name + "_first");
    this.addLayer(L.tileLayer(meta.url, { attribution: asHtml(meta.attribution) }));
  },
});

export const tiles = (name) => new Tiles(name);
