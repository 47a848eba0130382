"""The house itself: its files agree with each other, and nothing shadows a library."""

import json
import re
import resource
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
#: What conda calls a package that PyPI calls otherwise.
CONDA_NAMES: dict[str, str] = {}
#: In environment.yml for reasons of its own: coverage.py keeps the folder `coverage/` from being taken for it.
ONLY_IN_CONDA = {"pip", "coverage"}


def tracked(*patterns: str) -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listing.returncode:
        pytest.skip("not a git checkout: tracked files cannot be listed")
    return [ROOT / line for line in listing.stdout.splitlines() if (ROOT / line).is_file()]


def test_environment_yml_says_what_pyproject_says() -> None:
    wanted = {"python": str(PROJECT["project"]["requires-python"])}
    for line in PROJECT["project"]["dependencies"]:
        requirement = Requirement(line)
        wanted[CONDA_NAMES.get(requirement.name, requirement.name)] = str(requirement.specifier)
    lines = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pairs = (line.partition(" ") for line in lines if isinstance(line, str))
    found = {name: spec.strip() for name, _, spec in pairs if name not in ONLY_IN_CONDA}
    assert found == wanted


def test_environment_yml_keeps_coverage_py_in_every_checkout() -> None:
    lines = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    assert any(isinstance(line, str) and line.split()[0] == "coverage" for line in lines)


def test_nothing_shadows_coverage_py() -> None:
    assert not (ROOT / "coverage" / "__init__.py").exists()


def test_numba_loads_from_the_root_without_coverage_py() -> None:
    """Hide coverage.py, stand in the repository, and import numba through our door."""
    code = (
        "import sys\n"
        "class Hide:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'coverage':\n"
        "            from importlib.machinery import PathFinder\n"
        "            return PathFinder.find_spec(name, [''])\n"
        "sys.meta_path.insert(0, Hide())\n"
        "import coverage; assert not hasattr(coverage, 'Coverage'); del sys.modules['coverage']\n"
        "from lomsong.compiled import kernel\n"
        "print('loaded')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "loaded", done.stderr


def test_lock_files_name_no_registry_and_cover_the_core() -> None:
    locked = (ROOT / "requirements.lock").read_text()
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-docs.lock"):
        assert not re.search(r"https?://|index-url|find-links", (ROOT / name).read_text()), name
    names = {line.split("==")[0].lower() for line in locked.splitlines() if "==" in line}
    assert {Requirement(line).name for line in PROJECT["project"]["dependencies"]} <= names


def test_the_readme_gives_the_reason_of_every_core_dependency() -> None:
    readme = (ROOT / "README.md").read_text()
    for line in PROJECT["project"]["dependencies"]:
        assert f"| {Requirement(line).name} |" in readme, line


def test_no_tracked_file_holds_a_path_of_one_machine_or_is_fetched_data() -> None:
    here = re.compile(r"(^|[\s\"'=(:])/(work|root|home)/\w")
    for path in tracked("*.py", "*.md", "*.toml", "*.yml", "*.ipynb", "*.lock", "Makefile", ".ci/run"):
        assert not here.search(path.read_text(encoding="utf-8")), path
    assert not any("shared" in path.relative_to(ROOT).parts for path in tracked())


def test_notebooks_are_stored_without_outputs() -> None:
    notebooks = list((ROOT / "notebooks").glob("*.ipynb"))
    assert notebooks
    for path in notebooks:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert all(not cell.get("outputs") and not cell.get("execution_count") for cell in cells), path


@pytest.mark.parametrize(("code", "heavy"), [("import lomsong", "pandas"), ("import lomsong.cli", "pandas")])
def test_importing_loads_nothing_heavy(code: str, heavy: str) -> None:
    script = f"import sys; {code}; print('{heavy}' in sys.modules, 'numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_help_answers_at_once() -> None:
    """A bar on processor time against a heavy import creeping in; the figure itself is measured in benchmarks/house.py."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "lomsong", "--help"], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.0
