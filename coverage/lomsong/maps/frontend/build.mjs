/* Puts the front end into one script that an inline tag can hold, with the licences of what it contains. */
import { build } from "esbuild";
import { copyFile, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] || join(here, "..", "assets");

async function licence(name, file = "LICENSE") {
  const { version } = JSON.parse(await readFile(join(here, "node_modules", name, "package.json")));
  return `${name} ${version}\n${(await readFile(join(here, "node_modules", name, file), "utf-8")).trim()}`;
}

const licences = await Promise.all(["flatbush", "flatqueue", "fflate"].map((name) => licence(name)));
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
  banner: { js: `/* lomsong's map, built from coverage/lomsong/maps/frontend. It contains:\n\n${licences.join("\n\n")}\n*/` },
});
await build({ ...usual, entryPoints: ["src/comparison.js"], outfile: join(out, "comparison.js") });
const leaflet = join(here, "node_modules", "leaflet");
await copyFile(join(leaflet, "dist", "leaflet.js"), join(out, "leaflet.js"));
await copyFile(join(leaflet, "dist", "leaflet.css"), join(out, "leaflet.css"));
