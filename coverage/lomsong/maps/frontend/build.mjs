/* Puts the front end into one script that an inline tag can hold, with the licences of what it contains. */
import { build } from "esbuild";
import { copyFile, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] || join(here, "..", "assets");

/* A package without its licence has it in licences/. */
async function licence(name, file = join("node_modules", name, "LICENSE")) {
  const { version } = JSON.parse(await readFile(join(here, "node_modules", name, "package.json")));
  return `${name} ${version}\n${(await readFile(join(here, file), "utf-8")).trim()}`;
}

async function banner(what, ...names) {
  const licences = await Promise.all(names.map((each) => licence(...[each].flat())));
  return { js: `/* ${what}, built from coverage/lomsong/maps/frontend. It contains:\n\n${licences.join("\n\n")}\n*/` };
}

const indexing = ["flatbush", "flatqueue", "fflate"];
const usual = {
  absWorkingDir: here,
  bundle: true,
  format: "iife",
  minify: true,
  charset: "utf8",
  target: ["chrome90", "firefox90", "safari15"],
  legalComments: "none",
  logLevel: "warning",
};
await build({
  ...usual,
  entryPoints: ["src/main.js"],
  outfile: join(out, "lomsong_map.js"),
  banner: await banner("lomsong's map", ...indexing),
});
await build({ ...usual, entryPoints: ["src/comparison.js"], outfile: join(out, "comparison.js") });
await build({
  ...usual,
  entryPoints: ["src/hosted.js"],
  outfile: join(out, "hosted.js"),
  banner: await banner("What lomsong's map needs to read tiles", ...indexing, ["pmtiles", join("licences", "pmtiles")], "pbf",
    "@mapbox/point-geometry", ["@mapbox/vector-tile", join("node_modules", "@mapbox", "vector-tile", "LICENSE.txt")]),
});
const leaflet = join(here, "node_modules", "leaflet");
await copyFile(join(leaflet, "dist", "leaflet.js"), join(out, "leaflet.js"));
await copyFile(join(leaflet, "dist", "leaflet.css"), join(out, "leaflet.css"));
