"""
Every way in and out, used once for real: the demo and fr-lot through each of them, compared with the run of plain files.

    python benchmarks/ways.py FOLDER [--areas demo,fr-lot] [--ways store,wfs]

Starts its own PostGIS, object store and feature service on 127.0.0.1, as the tests do, and prints the commands that it ran.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import geopandas as gpd
import pandas as pd
import shapely
import yaml
from ways_files import as_anfr, as_bakom, as_mozilla, as_spelt, as_survey, as_vector, as_workbook

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
import postgres_server  # noqa: E402 - lies beside the tests
import s3_server  # noqa: E402

CONFIGS = {"demo": ROOT / "data/demo/district.yml", "fr-lot": ROOT / "docs/examples/fr-lot.yml"}
PAGE_ROWS = 40


def call(*words: str | Path) -> str:
    """Run one command of ours as a user does."""
    shown = ["lomsong", *map(str, words)]
    done = subprocess.run([sys.executable, "-m", *shown], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(shown)}\n{done.stderr}")
    return done.stdout


def sources(settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for value in settings["inputs"].values():
        for source in value if isinstance(value, list) else [value]:
            if isinstance(source, dict) and "path" in source:
                yield source


def plain(config: Path) -> dict[str, Any]:
    """Return settings whose paths can be read from anywhere."""
    settings: dict[str, Any] = yaml.safe_load(config.read_text())
    for source in sources(settings):
        source["path"] = str((config.parent / source["path"]).resolve())
    return settings


# --- servers ----------------------------------------------------------------------------------------------------


class Features(BaseHTTPRequestHandler):
    """One collection, as OGC API - Features and as WFS, in small pages whose order is not the file's."""

    features: tuple[dict[str, Any], ...] = ()

    def do_GET(self) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        begin = int(asked.get("startIndex", asked.get("offset", 0)))
        rows = self.features[begin : begin + PAGE_ROWS]
        page: dict[str, Any] = {
            "type": "FeatureCollection",
            "features": rows,
            "numberMatched": len(self.features),
        }
        if "service" not in asked and begin + PAGE_ROWS < len(self.features):
            page["links"] = [{"rel": "next", "href": f"/collections/thon/items?offset={begin + PAGE_ROWS}"}]
        body = json.dumps(page).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/geo+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def feature_service(frame: gpd.GeoDataFrame) -> Iterator[str]:
    listed = json.loads(frame.to_crs(4326).to_json())["features"]
    handler = type("Served", (Features,), {"features": tuple(reversed(listed))})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def layer(settings: dict[str, Any], name: str) -> gpd.GeoDataFrame:
    source = settings["inputs"][name]
    return gpd.read_file(source["path"], layer=source.get("layer"))


def put(settings: dict[str, Any], name: str, path: str, **more: Any) -> None:
    source = settings["inputs"][name]
    source.pop("layer", None)
    source.update(path=path, **more)


# --- ways in ----------------------------------------------------------------------------------------------------


@contextmanager
def from_store(settings: dict[str, Any], folder: Path) -> Iterator[None]:
    from pyarrow.fs import S3FileSystem  # noqa: PLC0415 - takes a while to load

    with s3_server.object_server() as store:
        os.environ.update(store.environment())
        client = S3FileSystem(
            access_key=store.key, secret_key=store.secret, endpoint_override=f"127.0.0.1:{store.port}", scheme="http", region="us-east-1",
        )  # fmt: skip
        for source in sources(settings):
            path = Path(source["path"])
            with client.open_output_stream(f"{s3_server.BUCKET}/in/{path.name}") as stream:
                stream.write(path.read_bytes())
            if source is not settings["inputs"].get("truth"):
                source["path"] = f"s3://{s3_server.BUCKET}/in/{path.name}"
        yield
        # and out: the run, and a hosted map of it
        call("publish", folder / "run", f"s3://{s3_server.BUCKET}/runs/one")
        call("map", folder / "run", "--out", folder / "hosted", "--hosted")
        call("publish", folder / "hosted", f"s3://{s3_server.BUCKET}/public/one")
        for local, prefix in (("run", "runs/one"), ("hosted", "public/one")):
            files = [
                path
                for path in (folder / local).rglob("*")
                if path.is_file() and not path.name.startswith(".")
            ]
            for path in files:
                place = f"{s3_server.BUCKET}/{prefix}/{path.relative_to(folder / local).as_posix()}"
                with client.open_input_stream(place) as stream:
                    if stream.read() != path.read_bytes():
                        raise SystemExit(f"{place} is not what was stored")
            print(f"  out: {len(files)} objects under {prefix} are those of the folder")


@contextmanager
def from_items(settings: dict[str, Any], _: Path) -> Iterator[None]:
    with feature_service(layer(settings, "villages")) as address:
        put(settings, "villages", f"{address}/collections/thon/items")
        yield


@contextmanager
def from_wfs(settings: dict[str, Any], _: Path) -> Iterator[None]:
    with feature_service(layer(settings, "villages")) as address:
        put(settings, "villages", f"{address}/wfs?service=WFS&typeNames=thon")
        yield


@contextmanager
def from_postgis(settings: dict[str, Any], folder: Path) -> Iterator[None]:
    with postgres_server.serve() as server:
        os.environ.update(PGUSER=postgres_server.USER, PGPASSWORD=postgres_server.PASSWORD)
        server.ask("postgres", "CREATE DATABASE gis")
        server.ask("gis", "CREATE EXTENSION postgis")
        address = server.address("gis")
        engine = server.engine("gis")
        shapes = layer(settings, "villages")
        binary = shapely.to_wkb(
            shapely.set_srid(shapes.geometry.to_numpy(), shapes.crs.to_epsg()), hex=True, include_srid=True
        )
        numbered = pd.DataFrame(shapes).assign(geometry=binary).reset_index(names="fid")
        numbered.sample(frac=1, random_state=1).to_sql("Thôn bản", engine, index=False)
        server.ask("gis", 'ALTER TABLE "Thôn bản" ALTER geometry TYPE geometry USING geometry::geometry')
        put(settings, "villages", f'{address}?table="Thôn bản"')
        for number, source in enumerate(settings["inputs"]["masts"]):
            pd.read_csv(source["path"], dtype=str).reset_index(names="line").to_sql(
                f"masts{number}", engine, index=False
            )
            source.update(path=address, query=f"SELECT * FROM masts{number} ORDER BY line")  # noqa: S608 - our own names
        for number, source in enumerate(settings["inputs"].get("speed_tests", [])):
            path = Path(source["path"])
            frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype=str)
            frame.reset_index(names="line").to_sql(f"tests{number}", engine, index=False)
            source.update(path=address, query=f"SELECT * FROM tests{number} ORDER BY line")  # noqa: S608 - our own names
        yield
        said = [call("publish", folder / "run", address, "--id", "one") for _ in range(2)]
        villages = gpd.read_parquet(folder / "run" / "villages.parquet")
        stored = gpd.read_postgis("SELECT * FROM lomsong_one.villages", engine, geom_col="geometry")
        stored = stored.set_index("village_id").loc[villages["village_id"]].reset_index()
        same = (stored["status"] == villages["status"]).all() and stored.geometry.geom_equals(
            villages.geometry
        ).all()
        print(
            f"  out, twice: {said[1].strip()}; statuses and shapes are {'' if same else 'NOT '}those of the run"
        )


WAYS: dict[str, tuple[tuple[str, ...], Callable[[dict[str, Any], Path], Any]]] = {
    "store": (("demo", "fr-lot"), from_store),
    "items": (("demo", "fr-lot"), from_items),
    "wfs": (("demo", "fr-lot"), from_wfs),
    "postgis": (("demo", "fr-lot"), from_postgis),
    **{ending: (("demo",), as_vector(ending)) for ending in ("kml", "kmz", "tab", "mif")},
    "workbook": (("demo",), as_workbook),
    "survey": (("demo",), as_survey),
    "spelt": (("demo", "fr-lot"), as_spelt),
    "mozilla": (("demo",), as_mozilla),
    "anfr": (("fr-lot",), as_anfr),
    "bakom": (("fr-lot",), as_bakom),
}


def differences(ours: Path, theirs: Path) -> str:
    """Say whether two runs tell the same of every village."""
    tables = ("villages.csv", "ranking.csv", "service.csv", "summary.csv")
    odd = [name for name in tables if (ours / name).read_bytes() != (theirs / name).read_bytes()]
    if not odd:
        return f"the same bytes: {', '.join(tables)}"
    left, right = (
        pd.read_csv(each / "villages.csv", dtype={"village_id": str}).set_index("village_id")
        for each in (ours, theirs)
    )
    right = right.reindex(left.index)
    parts = [
        f"{', '.join(odd)} differ",
        f"statuses: {int((left['status'] != right['status']).sum())} of {len(left)} differ",
    ]
    parts += [f"ranks: {int((left['rank'].fillna(-1) != right['rank'].fillna(-1)).sum())} differ"]
    parts += [f"p_signal by at most {(left['p_signal'] - right['p_signal']).abs().max():.2g}"]
    return "; ".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--areas", default=",".join(CONFIGS))
    parser.add_argument("--ways", default=",".join(WAYS))
    given = parser.parse_args()
    for asked, known in ((given.areas, CONFIGS), (given.ways, WAYS)):
        if unknown := [name for name in asked.split(",") if name not in known]:
            parser.error(f"not known: {', '.join(unknown)}; known: {', '.join(known)}")
    for area in given.areas.split(","):
        base = given.folder / area / "plain"
        if not (base / "run" / "run.json").is_file():
            base.mkdir(parents=True, exist_ok=True)
            (base / "config.yml").write_text(yaml.safe_dump(plain(CONFIGS[area]), allow_unicode=True))
            call("run", base / "config.yml", "--out", base / "run")
        for way in given.ways.split(","):
            areas, source = WAYS[way]
            if area not in areas:
                continue
            folder = given.folder / area / way
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            settings = plain(CONFIGS[area])
            with source(settings, folder):
                (folder / "config.yml").write_text(yaml.safe_dump(settings, allow_unicode=True))
                call("run", folder / "config.yml", "--out", folder / "run")
                print(f"{area} {way}: {differences(folder / 'run', base / 'run')}", flush=True)


if __name__ == "__main__":
    main()
