"""
How good the evidence is on made-up districts of `lomsong demo`, whose truth another generator draws than that of `evidence.py`.

    python benchmarks/evidence_demo.py --seeds 1 2 3 4 --keep before.json
    python benchmarks/evidence_demo.py --seeds 1 2 3 4 --against before.json

A change of the evidence is worth keeping where both kinds say so. A district has 60 villages: the error of the difference to
an earlier version, village by village, tells whether it is one.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from evidence import brier, calibration_error, found

import lomsong as ls
from lomsong.evidence.core import calibrate
from lomsong.sources.demo.files import write_demo


def judge(seed: int) -> pd.DataFrame:
    """Return ``p`` and ``lit`` of every village of one district, by its number and name."""
    with tempfile.TemporaryDirectory() as folder:
        config = write_demo(Path(folder) / "demo", seed=seed)
        truth = pd.read_csv(config.parent / "truth" / "villages.csv", dtype={"village_id": str})
        inputs = ls.read(ls.load_settings(config))
        villages = ls.assess(calibrate(ls.predict(inputs)), inputs)
    both = villages.merge(truth[["village_id", "has_signal"]], on="village_id", validate="1:1")
    table = pd.DataFrame({"p": both["p_signal"], "lit": both["has_signal"].astype(float)})
    return table.set_index(f"{seed} " + both["village_id"])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4])
    parser.add_argument("--keep", type=Path, help="write the chance of every village here")
    parser.add_argument("--against", type=Path, help="chances that an earlier version kept")
    given = parser.parse_args()
    parts = []
    for seed in given.seeds:
        parts.append(judge(seed))
        p, lit = parts[-1]["p"].to_numpy(), parts[-1]["lit"].to_numpy()
        print(
            json.dumps({"seed": seed, "brier": round(brier(p, lit), 4), "dark": int((lit == 0).sum())}),
            flush=True,
        )
    table = pd.concat(parts)
    p, lit = table["p"].to_numpy(), table["lit"].to_numpy()
    figures = {"villages": len(p), "brier": brier(p, lit), "calibration_error": calibration_error(p, lit), **found(p, lit)}  # fmt: skip
    if given.against:
        before = pd.Series(json.loads(given.against.read_text())).reindex(table.index).to_numpy(dtype=float)
        gain = (before - lit) ** 2 - (p - lit) ** 2
        figures |= {
            "brier_lower_by": float(np.nanmean(gain)),
            "error_of_that": float(np.nanstd(gain) / np.sqrt(np.isfinite(gain).sum())),
        }
    if given.keep:
        given.keep.write_text(json.dumps(table["p"].to_dict()))
    print(json.dumps({"summary": {name: round(value, 4) for name, value in figures.items()}}))


if __name__ == "__main__":
    main()
