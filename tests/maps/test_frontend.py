"""The front end as its own small project: its tests pass, and the script that is versioned is the one it builds."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

FRONTEND = Path(__file__).parents[2] / "coverage/lomsong/maps/frontend"
ASSETS = FRONTEND.parent / "assets"


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("node is not installed (apt-get install nodejs npm)")
    if not (FRONTEND / "node_modules").is_dir():
        pytest.skip("the map's npm packages are not installed (make frontend)")
    return found


def test_the_versioned_assets_are_what_the_sources_build(node: str, tmp_path: Path) -> None:
    subprocess.run([node, "build.mjs", str(tmp_path)], cwd=FRONTEND, check=True, capture_output=True)
    for name in ("lomsong_map.js", "comparison.js", "hosted.js", "leaflet.js", "leaflet.css"):
        assert (tmp_path / name).read_bytes() == (ASSETS / name).read_bytes(), f"{name}: run make frontend"


def test_the_front_end_passes_its_own_tests(node: str) -> None:
    tests = sorted(str(path) for path in (FRONTEND / "test").glob("*.test.mjs"))
    done = subprocess.run([node, "--test", *tests], cwd=FRONTEND, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_lock_pins_every_package_and_names_no_registry() -> None:
    text = (FRONTEND / "package-lock.json").read_text()
    assert not re.search(r"https?://\S*registry|\"resolved\"", text)
    wanted = json.loads((FRONTEND / "package.json").read_text())["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    locked = json.loads(text)["packages"]
    assert all(locked[f"node_modules/{name}"]["version"] == version for name, version in wanted.items())


@pytest.mark.parametrize(
    ("asset", "names"),
    [
        ("lomsong_map.js", ("flatbush", "flatqueue", "fflate")),
        (
            "hosted.js",
            (
                "flatbush",
                "flatqueue",
                "fflate",
                "pmtiles",
                "pbf",
                "@mapbox/point-geometry",
                "@mapbox/vector-tile",
            ),
        ),
    ],
)
def test_the_asset_carries_the_licences_of_what_it_contains(asset: str, names: tuple[str, ...]) -> None:
    text = (ASSETS / asset).read_text(encoding="utf-8")
    head = text[: text.index("*/")]
    for name in names:
        assert re.search(rf"^{name} \d", head, flags=re.MULTILINE)
    assert len(re.findall("^(Permission|Redistribution)", head, flags=re.MULTILINE)) >= len(names)
