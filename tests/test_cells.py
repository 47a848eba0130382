"""Cells → sites: base-station numbers where they hold, positions elsewhere, and an uncertainty that means something."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from worlds import CRS_METRIC, X0, Y0

from lomsong.cells import name_sites, settle_masts, trust_cells
from lomsong.schemas import SECTORS
from lomsong.settings import RadioSettings, SiteSettings
from lomsong.sites import build_sectors

SITES = SiteSettings()


def cells(x_m: list[float], **columns: object) -> gpd.GeoDataFrame:
    count = len(x_m)
    table = pd.DataFrame(
        {"sector_id": [f"c{i}" for i in range(count)], "operator": "A", "technology": "4g"}
    ).assign(**columns)
    return gpd.GeoDataFrame(
        table, geometry=gpd.points_from_xy(np.array(x_m) + X0, [Y0] * count), crs=CRS_METRIC
    )


def test_cells_of_one_lte_base_station_share_a_mast_though_they_lie_apart() -> None:
    raw = cells([0, 1000, 9000], node=["n1", "n1", "n2"])
    assert name_sites(raw, SITES).tolist() == [0, 0, 1]


def test_a_base_station_number_that_spans_a_province_is_not_believed() -> None:
    assert len(set(name_sites(cells([0, 60_000], node=["n1", "n1"]), SITES))) == 2


def test_uncertain_cells_may_lie_further_apart_and_still_share_a_mast() -> None:
    raw = cells([0, 8000], node=["n1", "n1"], position_sigma_m=[5000.0, 5000.0])
    assert len(set(name_sites(raw, SITES))) == 1


@pytest.mark.parametrize(("apart_m", "masts"), [(800.0, 4), (30_000.0, 8)])
def test_gsm_numbers_count_where_the_operator_uses_them_so(apart_m: float, masts: int) -> None:
    x = [site * 100_000.0 + side * apart_m for site in range(4) for side in (0, 1)]
    nodes = [f"n{site}" for site in range(4) for _ in (0, 1)]
    assert len(set(name_sites(cells(x, technology="2g", node=nodes), SITES))) == masts


def test_a_base_station_and_a_gsm_cell_at_its_middle_share_a_mast() -> None:
    raw = cells([0, 1000, 500], node=["n1", "n1", None], technology=["4g", "4g", "2g"])
    assert len(set(name_sites(raw, SITES))) == 1


def test_operators_never_share_a_mast_by_position() -> None:
    assert len(set(name_sites(cells([0, 10], operator=["A", "B"]), SITES))) == 2


def test_more_samples_a_younger_record_and_a_known_range_raise_the_confidence() -> None:
    raw = cells(
        [0] * 5,
        samples=[1, 50, 50, 50, np.nan],
        range_m=[2000, 2000, 2000, 1000, np.nan],
        on_air=["2024-01-01", "2024-01-01", "2014-01-01", "2024-01-01", None],
    )
    trust, findings = trust_cells(raw, SITES)
    score = trust["confidence"].to_numpy()
    assert score[1] > score[0]
    assert score[1] > score[2]
    assert score[1] > score[3]
    assert np.isnan(score[4])
    assert [finding.count for finding in findings if finding.word == "live"] == [1]


def test_the_uncertainty_of_a_cell_is_that_of_a_simulated_crowd() -> None:
    """Draw samples in a third of a disc round a mast, as a sector's users stand, and average them as OpenCelliD does."""
    rng = np.random.default_rng(1)
    radius, count, crowds = 3000.0, 4, 20_000
    angle = rng.uniform(-np.pi / 3, np.pi / 3, (crowds, count)) + rng.uniform(0, 2 * np.pi, (crowds, 1))
    distance = radius * np.sqrt(rng.random((crowds, count)))
    error = np.sqrt(np.mean((distance * np.cos(angle)).mean(axis=1) ** 2))
    trust, _ = trust_cells(cells([0], samples=[count], range_m=[radius]), SITES)
    assert trust["position_sigma_m"][0] == pytest.approx(error, rel=0.15)


def test_three_directions_place_a_mast_better_than_three_carriers_of_one() -> None:
    x, y = np.array([0.0, 300.0, 600.0]), np.zeros(3)
    sigma, mast = np.full(3, 300.0), np.zeros(3, dtype=np.int64)
    _, _, alike = settle_masts(x, y, sigma, mast, np.zeros(3, dtype=np.int64))
    middle, _, apart = settle_masts(x, y, sigma, mast, np.arange(3))
    assert middle == pytest.approx([300.0] * 3)
    assert alike == pytest.approx([300.0] * 3)
    assert apart == pytest.approx([300.0 / np.sqrt(3)] * 3)


def test_a_crowds_cells_stand_on_their_mast_and_a_list_stays_where_it_is() -> None:
    raw = cells([0, 900, 40_000, 40_100], node=["n1", "n1", None, None], samples=[9.0, 9.0, np.nan, np.nan])
    sectors, _ = build_sectors(raw, RadioSettings(), SITES)
    x = sectors.geometry.x - X0
    assert x[0] == pytest.approx(x[1])
    assert 0 < x[0] < 900
    assert x[2:].tolist() == [40_000, 40_100]
    assert sectors["position_sigma_m"][2] == SITES.position_sigma_m
    assert sectors["site_id"].tolist() == ["A c0", "A c0", "A c2", "A c2"]


def test_a_record_that_claims_to_be_exact_leaves_the_mast_where_the_others_see_it_too() -> None:
    raw = cells([0, 0, 90], samples=[9.0] * 3, position_sigma_m=[0.0, 0.0, 50.0])
    sectors, _ = build_sectors(raw, RadioSettings(), SITES)
    assert (sectors.geometry.x - X0).to_numpy() == pytest.approx([0.0] * 3, abs=0.1)
    assert (sectors["position_sigma_m"] > 0).all()


def test_a_site_is_named_after_the_operator_of_each_row_and_the_first_id_of_its_mast() -> None:
    raw = cells(
        [0, 50, 60, 5000], operator=["A", "B", "A", "A"], node=["n1", "n1", None, None],
        site_id=[None, None, None, "M"], sector_id=["c2", "c1", "c10", "c0"],
    )  # fmt: skip
    sectors, _ = build_sectors(raw, RadioSettings(), SITES)
    assert sectors["site_id"].tolist() == ["A c1", "B c1", "A c10", "M"]


def test_every_sector_says_how_uncertain_it_is_and_a_default_more_so() -> None:
    raw = cells(
        [0, 5000], antenna_height_m=[42.0, np.nan], eirp_dbm=[60.0, np.nan], height_sigma_m=[8.0, np.nan]
    )
    sectors, findings = build_sectors(raw, RadioSettings(), SITES)
    assert sectors["height_sigma_m"].tolist() == [8.0, SITES.height_sigma_assumed_m]
    assert sectors["eirp_sigma_db"].tolist() == [SITES.eirp_sigma_given_db, SITES.eirp_sigma_assumed_db]
    assert not sectors[["position_sigma_m", "height_sigma_m", "eirp_sigma_db"]].isna().any(axis=None)
    SECTORS.check(sectors)
    assert all(finding.source for finding in findings if finding.severity == "assumption")
