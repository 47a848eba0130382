/* Tile archives beside the page, of which a server sends the bytes that are asked for. What goes wrong is told on the page. */
import { PMTiles } from "pmtiles";
import { HOSTED_WORDS } from "./hosted_words.js";

const { addWords, make, t } = window.lomsong.kit;
addWords(HOSTED_WORDS);

const told = new Set();

/** Say on the page what is wrong, once each. */
function tell(key, file) {
  if (told.has(key)) return;
  told.add(key);
  document.body.prepend(make("p", { class: "lomsong-banner", role: "alert" }, t(key, { file })));
}

class Trouble extends Error {}

/** The bytes of a file, as pmtiles asks for them. */
class Ranges {
  constructor(file) {
    this.file = file;
  }

  getKey() {
    return this.file;
  }

  async getBytes(offset, length) {
    if (location.protocol === "file:") throw new Trouble("needsServer");
    let answer, data;
    try {
      answer = await fetch(this.file, { headers: { Range: `bytes=${offset}-${offset + length - 1}` } });
      if (answer.status === 206) data = await answer.arrayBuffer();
    } catch {
      throw new Trouble("serverAway");
    }
    if (data) return { data };
    if (answer.body) answer.body.cancel();
    throw new Trouble(answer.status === 200 ? "needsRanges" : "archiveBroken");
  }
}

export class Archive {
  constructor(file) {
    this.file = file;
    this.tiles = new PMTiles(new Ranges(file));
  }

  /** The bytes of a tile; null where there is none, or where the page now says why it cannot be read. */
  async tile(z, x, y) {
    const around = 2 ** z;
    if (y < 0 || y >= around) return null;
    try {
      const found = await this.tiles.getZxy(z, ((x % around) + around) % around, y);
      return found ? new Uint8Array(found.data) : null;
    } catch (error) {
      tell(error instanceof Trouble ? error.message : "archiveBroken", this.file);
      return null;
    }
  }
}
