"""Quantiles of groups, against pandas and against a list with every value repeated by its weight."""

import numpy as np
import pandas as pd

from lomsong.quantiles import group_quantiles

SHARES = [0.1, 0.5, 0.9]


def test_plain_quantiles_are_those_of_pandas() -> None:
    rng = np.random.default_rng(1)
    group, values = rng.integers(-1, 40, 3000), rng.normal(size=3000)
    values[rng.random(3000) < 0.05] = np.nan
    found, count = group_quantiles(group, values, groups=45, shares=SHARES)
    frame = pd.DataFrame({"group": group, "value": values}).query("group >= 0").groupby("group")["value"]
    expected = np.column_stack([frame.quantile(share).reindex(range(45)) for share in SHARES])
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_array_equal(count, frame.count().reindex(range(45), fill_value=0))


def test_a_weight_is_so_many_equal_values() -> None:
    rng = np.random.default_rng(2)
    group, values, weights = rng.integers(0, 9, 400), rng.integers(0, 50, 400), rng.integers(0, 6, 400)
    found, count = group_quantiles(group, values, groups=10, shares=SHARES, weights=weights)
    for g in range(10):
        mine = group == g
        repeated = np.sort(np.repeat(values[mine], weights[mine]))
        if len(repeated) == 0:
            assert np.isnan(found[g]).all()
            continue
        assert count[g] == (weights[mine] > 0).sum()
        ranks = [int(np.ceil(share * len(repeated) - 1e-9)) - 1 for share in SHARES]
        assert found[g].tolist() == repeated[ranks].tolist()
