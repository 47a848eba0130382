"""Inputs from an object store and results into it, with a real server on this machine, and what goes wrong on the way."""

import json
import os
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner
from pyarrow.fs import FileSelector, S3FileSystem
from s3_server import BUCKET, HOME, Store, cable, object_server
from web_server import serving

from lomsong.addresses import copy_name, parse_store
from lomsong.cli import main
from lomsong.errors import LomsongError, MissingSourceError, OutputError, SettingsError, SourceError
from lomsong.inputs import read
from lomsong.settings_file import load_settings, parse_settings
from lomsong.sources.copies import take_copies
from lomsong.sources.object_store import fetch_object
from lomsong.store_publication import store_folder

DEMO = Path(__file__).parents[1] / "data" / "demo"


@pytest.fixture(scope="module")
def server() -> Iterator[Store]:
    if not (HOME / "moto_server").exists():
        pytest.skip("the object store of the tests is not installed (make .tools/s3server/.done)")
    with object_server() as store:
        yield store


@pytest.fixture
def store(server: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    return server


def client(server: Store) -> S3FileSystem:
    """A second way in, apart from ours."""
    return S3FileSystem(
        access_key=server.key, secret_key=server.secret, endpoint_override=f"127.0.0.1:{server.port}", scheme="http", region="us-east-1"
    )  # fmt: skip


def content(server: Store, prefix: str) -> dict[str, bytes]:
    found = client(server).get_file_info(
        FileSelector(f"{BUCKET}/{prefix}", recursive=True, allow_not_found=True)
    )
    held = {}
    for each in found:
        if each.is_file:
            with client(server).open_input_stream(each.path) as stream:
                held[each.path.removeprefix(f"{BUCKET}/{prefix}/")] = stream.read()
    return held


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    (folder / "figures").mkdir(parents=True)
    (folder / "villages.csv").write_text("village_id\n007\n")
    (folder / "map.html").write_text("<p>Nà Đông</p>")
    (folder / "signal_a_4g.tif").write_bytes(os.urandom(12_000_000))  # larger than one request
    (folder / "figures" / "1.svg").write_text("<svg/>")
    (folder / "run.json").write_text("{}")
    (folder / ".lomsong-parts").write_text("of a run that goes on")
    return folder


def test_a_run_is_stored_whole_and_stored_again(store: Store, run_folder: Path) -> None:
    done = CliRunner().invoke(main, ["publish", str(run_folder), f"s3://{BUCKET}/runs/mine"])
    assert done.exit_code == 0, done.output
    assert "5 files" in done.output
    wanted = {
        path.relative_to(run_folder).as_posix(): path.read_bytes()
        for path in run_folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    assert content(store, "runs/mine") == wanted
    with client(store).open_input_stream(f"{BUCKET}/runs/mine/map.html") as stream:
        assert stream.metadata()["Content-Type"] == b"text/html; charset=utf-8"
    (run_folder / "villages.csv").write_text("village_id\n008\n")
    store_folder(run_folder, f"s3://{BUCKET}/runs/mine/")
    assert content(store, "runs/mine")["villages.csv"] == b"village_id\n008\n"


def test_a_connection_lost_in_mid_write_leaves_no_run_and_no_half_file(
    store: Store, run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_folder(run_folder, f"s3://{BUCKET}/lost")
    before = content(store, "lost")
    for name in ("map.html", "villages.csv"):
        (run_folder / name).write_text("new " * 10)
    (run_folder / "signal_a_4g.tif").write_bytes(os.urandom(12_000_000))
    with cable(store.port, cut_after=3_000_000) as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        with pytest.raises(OutputError, match="connection was lost"):
            store_folder(run_folder, f"s3://{BUCKET}/lost")
    after = content(store, "lost")
    assert "run.json" not in after
    for name, held in after.items():
        assert held in (before[name], (run_folder / name).read_bytes())
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{store.port}")
    store_folder(run_folder, f"s3://{BUCKET}/lost")
    assert content(store, "lost")["run.json"] == b"{}"


def test_a_map_in_parts_stays_until_the_next_one_stands(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "map"
    folder.mkdir()
    (folder / "index.html").write_text("old")
    (folder / "lomsong_villages_1.pmtiles").write_bytes(b"old")
    store_folder(folder, f"s3://{BUCKET}/map")
    client(store).open_output_stream(f"{BUCKET}/map/own.js").close()
    (folder / "index.html").write_text("new")
    (folder / "lomsong_villages_1.pmtiles").unlink()
    (folder / "lomsong_villages_2.pmtiles").write_bytes(os.urandom(2_000_000))
    with cable(store.port, cut_after=500_000) as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        with pytest.raises(OutputError, match="connection was lost"):
            store_folder(folder, f"s3://{BUCKET}/map")
    assert content(store, "map") == {
        "index.html": b"old", "lomsong_villages_1.pmtiles": b"old", "own.js": b"",
    }  # fmt: skip
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{store.port}")
    store_folder(folder, f"s3://{BUCKET}/map")
    assert set(content(store, "map")) == {"index.html", "lomsong_villages_2.pmtiles", "own.js"}


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("AWS_SECRET_ACCESS_KEY", "0-wrong-0", "refuses"),
        ("AWS_ACCESS_KEY_ID", "0-wrong-0", "refuses"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9", "does not answer"),
    ],
)
def test_who_may_not_and_who_does_not_answer_is_told_without_a_secret(
    store: Store, run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:  # fmt: skip
    monkeypatch.setenv(name, value)
    with pytest.raises(OutputError, match=told) as writing:
        store_folder(run_folder, f"s3://{BUCKET}/no")
    with pytest.raises(SourceError, match=told) as reading:
        fetch_object(f"s3://{BUCKET}/no/run.json", tmp_path / "copies" / "run.json")
    for error in (writing, reading):
        assert store.secret not in str(error.value)
        assert "0-wrong-0" not in str(error.value)
    assert not any((tmp_path / "copies").glob("*"))


@pytest.mark.usefixtures("store")
def test_buckets_and_objects_that_are_not_there_are_named(run_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no such bucket"):
        store_folder(run_folder, "s3://nobodys/x")
    for address in ("s3://nobodys/x.csv", f"s3://{BUCKET}/none.csv"):
        with pytest.raises(SourceError, match="no such bucket or object"):
            fetch_object(address, tmp_path / "x.csv")
    store_folder(run_folder, f"s3://{BUCKET}/there")
    with pytest.raises(SourceError, match="a folder"):
        fetch_object(f"s3://{BUCKET}/there", tmp_path / "x.csv")
    with pytest.raises(MissingSourceError, match="finished run"):
        store_folder(tmp_path, f"s3://{BUCKET}/x")


def test_a_district_is_read_from_objects_as_from_files(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = load_settings(DEMO / "district.yml")
    text = (DEMO / "district.yml").read_text()
    for path in DEMO.iterdir():
        if path.suffix in {".gpkg", ".tif", ".csv", ".parquet"}:
            with client(store).open_output_stream(f"{BUCKET}/in/{path.name}") as stream:
                stream.write(path.read_bytes())
            text = text.replace(f"path: {path.name}", f"path: s3://{BUCKET}/in/{path.name}")
    config = tmp_path / "district.yml"
    config.write_text(text)
    shutil.copytree(DEMO / "truth", tmp_path / "truth")
    settings = load_settings(config)
    assert settings.inputs.terrain.addresses == (f"s3://{BUCKET}/in/{local.inputs.terrain.only_file.name}",)  # type: ignore[union-attr]
    take_copies(settings.inputs)
    ours, theirs = read(settings), read(local)
    assert ours.villages.equals(theirs.villages)
    assert ours.sectors.equals(theirs.sectors)
    assert [record.sha256 for record in ours.records] == [record.sha256 for record in theirs.records]
    # what a run keeps names the objects and no key, and reads the same copies back
    kept = json.dumps(settings.model_dump(mode="json"))
    assert store.key not in kept
    assert store.secret not in kept
    assert parse_settings(json.loads(kept), subject="run") == settings
    stamps = {path: path.stat().st_ino for path in (tmp_path / "copies").iterdir()}
    take_copies(settings.inputs)
    assert {path: path.stat().st_ino for path in (tmp_path / "copies").iterdir()} == stamps
    # a store that has gone leaves the copies of the last time, and is an error of a run
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert read(settings).villages.equals(theirs.villages)
    with pytest.raises(LomsongError, match="does not answer"):
        take_copies(settings.inputs)
    assert {path: path.stat().st_ino for path in (tmp_path / "copies").iterdir()} == stamps


def test_an_object_that_changed_is_copied_again_and_one_cut_short_is_not_taken(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "copies" / "big.bin"
    address = f"s3://{BUCKET}/big.bin"

    def put(body: bytes) -> None:
        with client(store).open_output_stream(f"{BUCKET}/big.bin") as stream:
            stream.write(body)

    put(b"one")
    fetch_object(address, target)
    put(b"another")
    fetch_object(address, target)
    assert target.read_bytes() == b"another"
    put(bytes(9_000_000))
    with cable(store.port, cut_after=900) as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        with pytest.raises(SourceError):
            fetch_object(address, target)
    assert target.read_bytes() == b"another"
    assert [path.name for path in target.parent.iterdir()] == ["big.bin"]


@pytest.mark.parametrize(("told", "signed"), [("YES", False), ("NO", True), ("", True)])
def test_open_data_is_asked_for_by_nobody_in_particular(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, signed: bool
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
    monkeypatch.setenv("AWS_NO_SIGN_REQUEST", told)
    with serving() as site:
        monkeypatch.setenv("AWS_ENDPOINT_URL", site.address)
        site.put("/open/masts.csv", b"a,b\n1,2\n", modified="Tue, 03 Nov 2026 10:00:00 GMT")
        fetch_object("s3://open/masts.csv", tmp_path / "masts.csv")
    assert (tmp_path / "masts.csv").read_bytes() == b"a,b\n1,2\n"
    asked = {"Authorization" in headers or "authorization" in headers for _, _, headers in site.asked}
    assert asked == {signed}


@pytest.mark.parametrize(
    ("trouble", "passes"),
    [({"cuts": [1000]}, True), ({"cuts": [1000] * 9}, False), ({"first": [500] * 9}, False)],
)
def test_a_cut_in_the_middle_of_an_object_is_mended_or_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: dict[str, list[int]], passes: bool
) -> None:
    target = tmp_path / "copies" / "dem.tif"
    target.parent.mkdir()
    target.write_bytes(b"of the last time")
    body = bytes(range(256)) * 400
    with serving() as site:
        monkeypatch.setenv("AWS_ENDPOINT_URL", site.address)
        site.put("/open/dem.tif", body, modified="Tue, 03 Nov 2026 10:00:00 GMT", **trouble)
        if passes:
            fetch_object("s3://open/dem.tif", target)
        else:
            with pytest.raises(SourceError, match="try again"):
                fetch_object("s3://open/dem.tif", target)
    assert target.read_bytes() == (body if passes else b"of the last time")
    assert [path.name for path in target.parent.iterdir()] == ["dem.tif"]


class _Elsewhere(BaseHTTPRequestHandler):
    """A store whose buckets lie in another region."""

    def do_HEAD(self) -> None:
        self.send_response(301)
        self.send_header("x-amz-bucket-region", "eu-west-1")
        self.end_headers()

    def do_GET(self) -> None:
        self.send_response(400)
        self.send_header("x-amz-bucket-region", "eu-west-1")
        self.end_headers()
        self.wfile.write(
            b"<Error><Code>AuthorizationHeaderMalformed</Code><Message>expecting 'eu-west-1'</Message></Error>"
        )

    def log_message(self, *_: object) -> None:
        pass


def test_a_bucket_in_another_region_names_it(
    run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere) as other:
        threading.Thread(target=other.serve_forever, kwargs={"poll_interval": 0.02}).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{other.server_address[1]}")
        with pytest.raises(SourceError, match="AWS_REGION=eu-west-1"):
            fetch_object("s3://bucket/x.csv", tmp_path / "x.csv")
        with pytest.raises(OutputError, match="AWS_REGION=eu-west-1"):
            store_folder(run_folder, "s3://bucket/x")
        other.shutdown()


@pytest.mark.parametrize(
    "address",
    [
        "s3://KEY:hunter2@bucket/x.csv", "s3://bucket", "s3://bucket/", "s3:///x.csv", "s3://bucket/../x.csv", "s3://bucket:9000/x.csv",
        "s3://b/x.csv", "s3://bucket/a\nb.csv",
    ],
)  # fmt: skip
def test_addresses_that_hold_a_login_or_name_nothing_are_refused(address: str) -> None:
    given = {"villages": {"path": address}, "masts": [{"path": "m"}], "terrain": {"path": "t"}}
    with pytest.raises(SettingsError) as error:
        parse_settings({"name": "x", "inputs": given}, subject="x")
    assert "hunter2" not in str(error.value)
    given = {"villages": {"path": "v"}, "masts": [{"path": "m"}], "terrain": {"path": ["t", address]}}
    with pytest.raises(SettingsError) as error:
        parse_settings({"name": "x", "inputs": given}, subject="x")
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    "terrain",
    [
        {"path": "https://host/dem.tif"}, {"path": "postgresql://KEY:hunter2@host/db?table=x"}, {"path": "t.tif", "addresses": ["s3://bucket/t.tif"]},
        {"path": "t.tif", "addresses": 5}, {"path": "t.tif", "addresses": None}, {"path": 5}, {"path": ["s3://bucket/t.tif", 5]}, {"path": "t", "addresses": ["x"]},
    ],
)  # fmt: skip
def test_rasters_come_from_files_and_objects_alone(terrain: dict[str, object]) -> None:
    given = {"villages": {"path": "v"}, "masts": [{"path": "m"}], "terrain": terrain}
    with pytest.raises(SettingsError) as error:
        parse_settings({"name": "x", "inputs": given}, subject="x")
    assert "hunter2" not in str(error.value)


def test_names_of_copies_keep_their_endings_and_tell_objects_apart() -> None:
    names = [copy_name(f"s3://b{n}ck/a b/thôn bản.geojson.gz", None) for n in range(3)]
    assert len(set(names)) == 3
    assert all(name.endswith(".geojson.gz") and "/" not in name and " " not in name for name in names)
    assert parse_store("s3://bucket/a b/c.tif") == ("bucket", "a b/c.tif")


def test_results_are_not_written_straight_into_a_store(tmp_path: Path) -> None:
    shutil.copytree(DEMO, tmp_path / "demo")
    done = CliRunner().invoke(main, ["run", str(tmp_path / "demo/district.yml"), "--out", "s3://bucket/x"])
    assert done.exit_code == 2
    assert "lomsong publish" in done.output
