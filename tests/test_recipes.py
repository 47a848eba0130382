"""The recipes for clusters fit together, and what they start exists. No cluster is here: that they run on one is not shown."""

import os
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from lomsong.cli import main

ROOT = Path(__file__).parents[1]
RECIPES = ROOT / "docs" / "recipes"
KUBERNETES = RECIPES / "kubernetes"
RUN = main.commands["run"]


def objects() -> dict[tuple[str, str], dict[str, Any]]:
    listed = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["resources"]
    assert sorted([*listed, "kustomization.yaml"]) == sorted(path.name for path in KUBERNETES.iterdir())
    found = [each for name in listed for each in yaml.safe_load_all((KUBERNETES / name).read_text())]
    return {(each["kind"], each["metadata"]["name"]): each for each in found}


def pods() -> dict[str, dict[str, Any]]:
    return {
        name: each["spec"]["template"]
        for (_, name), each in objects().items()
        if "template" in each.get("spec", {})
    }


def test_every_pod_is_bounded_and_has_no_more_rights_than_it_needs() -> None:
    assert set(pods()) == {"lomsong-scheduler", "lomsong-workers", "lomsong-run"}
    for pod in pods().values():
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"]
        assert spec["automountServiceAccountToken"] is False
        volumes = {volume["name"] for volume in spec["volumes"]}
        for container in spec["containers"]:
            assert container["image"] == "lomsong"
            assert container["resources"]["limits"]["memory"]
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes


def test_labels_names_and_ports_lead_to_each_other() -> None:
    found = objects()
    kustomization = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
    assert {each["name"] for each in kustomization["images"]} == {"lomsong"}
    assert all(("Deployment", each["name"]) in found for each in kustomization["replicas"])
    for (kind, _), each in found.items():
        if kind == "Deployment":
            wanted, given = (
                each["spec"]["selector"]["matchLabels"],
                each["spec"]["template"]["metadata"]["labels"],
            )
            assert wanted.items() <= given.items()
    service = found["Service", "lomsong-scheduler"]["spec"]
    labels = pods()["lomsong-scheduler"]["metadata"]["labels"]
    assert service["selector"].items() <= labels.items()
    among = found["NetworkPolicy", "lomsong-among-themselves"]["spec"]["podSelector"]["matchLabels"]
    assert all(among.items() <= pod["metadata"]["labels"].items() for pod in pods().values())
    command = pods()["lomsong-scheduler"]["spec"]["containers"][0]["command"]
    port = int(command[command.index("--port") + 1])
    assert [each["targetPort"] for each in service["ports"]] == [port]
    address = f"tcp://lomsong-scheduler:{service['ports'][0]['port']}"
    for name in ("lomsong-workers", "lomsong-run"):
        assert address in pods()[name]["spec"]["containers"][0]["command"]
    claim = pods()["lomsong-run"]["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"]
    assert ("PersistentVolumeClaim", claim) in found


def test_the_run_of_kubernetes_is_a_command_of_ours() -> None:
    command = pods()["lomsong-run"]["spec"]["containers"][0]["command"]
    assert command[:2] == ["lomsong", "run"]
    with RUN.make_context("run", list(command[2:])) as context:
        assert context.params["engine"] == "dask"
        assert context.params["resume"]


def test_the_image_takes_an_extra_and_versions_that_are_there() -> None:
    text = (RECIPES / "Dockerfile").read_text()
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert "/source[dask]" in text
    assert "dask" in extras
    assert (ROOT / "requirements-dev.lock").is_file()
    assert "requirements-dev.lock" in text
    assert "\nUSER 10001\n" in text


def start(
    tmp_path: Path, *, code: int = 0, tasks: str | None = "3"
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run the script with stand-ins for Slurm, Dask and us, which note how they are called."""
    told = tmp_path / "told"
    told.touch()
    bodies = {
        "srun": 'shift; shift; exec "$@"',
        "dask": 'exec > /dev/null 2>&1; sleep 30 & trap "echo dask $1 ended >> $TOLD; kill $!; exit" TERM; echo dask $1 ready >> $TOLD; wait',
        "lomsong": f"until [ $(grep -c ready $TOLD) = 2 ]; do sleep 0.05; done; exit {code}",
        "hostname": "echo node-1",
    }
    for name, body in bodies.items():
        path = tmp_path / name
        path.write_text(f'#!/usr/bin/env bash\necho "{name} $*" >> "$TOLD"\n{body}\n')
        path.chmod(0o755)
    env = {
        **os.environ,
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "TOLD": str(told),
        "SLURM_JOB_ID": "77",
        "TMPDIR": str(tmp_path),
    }
    if tasks is not None:
        env["SLURM_NTASKS"] = tasks
    done = subprocess.run(
        ["bash", RECIPES / "slurm.sh", "country.yml", "maps/country"],
        env=env, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return done, told.read_text().splitlines()


@pytest.mark.parametrize("code", [0, 1])
def test_the_slurm_script_starts_all_parts_passes_the_result_on_and_leaves_nothing_behind(
    tmp_path: Path, code: int
) -> None:
    done, told = start(tmp_path, code=code)
    assert done.returncode == code, done.stderr
    address = "tcp://node-1:20077"
    assert "dask scheduler --host node-1 --port 20077 --no-dashboard" in told
    (worker,) = (line for line in told if line.startswith("srun"))
    assert worker.startswith(f"srun --ntasks 3 dask worker {address} --nworkers 1 --nthreads 1")
    (command,) = (line for line in told if line.startswith("lomsong"))
    with RUN.make_context("run", command.split()[2:]) as context:
        assert context.params["scheduler"] == address
        assert (context.params["config"], context.params["out"]) == ("country.yml", "maps/country")
    assert sorted(line for line in told if line.endswith("ended")) == [
        "dask scheduler ended",
        "dask worker ended",
    ]


def test_the_slurm_script_outside_of_slurm_says_so(tmp_path: Path) -> None:
    done, told = start(tmp_path, tasks=None)
    assert done.returncode != 0
    assert "sbatch" in done.stderr
    assert not any(line.startswith("lomsong") for line in told)
