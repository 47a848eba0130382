"""Clusters of places: equal to single linkage where that is harmless, never wider than allowed where it is not."""

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from lomsong.clusters import cluster_places

FREE = 1e9


def by_pairs(x: np.ndarray, y: np.ndarray, group: np.ndarray, link_m: float) -> np.ndarray:
    """Single linkage the plain way: every pair of a k-d tree."""
    pairs = cKDTree(np.column_stack([x, y, group * 1e7])).query_pairs(link_m, output_type="ndarray")
    links = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(x), len(x)))
    return connected_components(links, directed=False)[1]


def same_partition(a: np.ndarray, b: np.ndarray) -> bool:
    pairs = np.unique(np.column_stack([a, b]), axis=0)
    return len(pairs) == len(np.unique(a)) == len(np.unique(b))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("size_m", [20.0, 500.0, 5_000.0, 50_000.0])
def test_without_a_greatest_width_it_is_single_linkage(seed: int, size_m: float) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-size_m, size_m, (2, 800)).round(rng.integers(-2, 3))
    group = rng.integers(0, 3, 800)
    found = cluster_places(x, y, group, link_m=150.0, widest_m=FREE)
    assert same_partition(found, by_pairs(x, y, group, 150.0))


@pytest.mark.parametrize("seed", range(4))
def test_no_cluster_is_wider_than_allowed_and_none_mixes_groups(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(0, 900, (2, 3000))
    group = rng.integers(0, 2, 3000)
    label = cluster_places(x, y, group, link_m=150.0, widest_m=400.0)
    for number in np.unique(label):
        mine = label == number
        assert len(set(group[mine])) == 1
        points = np.column_stack([x[mine], y[mine]])
        assert np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1)).max() <= 400.0


def test_a_chain_of_cells_along_a_road_becomes_many_masts() -> None:
    x = np.arange(0.0, 20_000.0, 100.0)
    label = cluster_places(
        x, np.zeros_like(x), np.zeros(len(x), dtype=np.int64), link_m=150.0, widest_m=400.0
    )
    assert 20_000 / 400 <= len(set(label)) <= 20_000 / 100
    assert max(np.ptp(x[label == number]) for number in set(label)) <= 400.0


def test_masts_that_stand_apart_are_not_cut_though_others_form_a_chain() -> None:
    chain = np.arange(0.0, 3_000.0, 100.0)
    x = np.concatenate([chain, [50_000.0, 50_120.0, 50_240.0]])
    label = cluster_places(
        x, np.zeros_like(x), np.zeros(len(x), dtype=np.int64), link_m=150.0, widest_m=400.0
    )
    assert len(set(label[-3:])) == 1


def test_a_hundred_thousand_cells_on_two_positions_do_not_hang() -> None:
    x = np.repeat([0.0, 200.0], 50_000)
    label = cluster_places(
        x, np.zeros_like(x), np.zeros(len(x), dtype=np.int64), link_m=150.0, widest_m=400.0
    )
    assert len(set(label)) == 2


def test_clusters_are_numbered_as_they_come_whatever_the_order_of_the_rest() -> None:
    x = np.array([9_000.0, 0.0, 9_010.0, 5_000.0])
    zero = np.zeros(4, dtype=np.int64)
    assert cluster_places(x, x * 0, zero, link_m=150.0, widest_m=400.0).tolist() == [0, 1, 0, 2]
    assert cluster_places(x[:0], x[:0], zero[:0], link_m=150.0, widest_m=400.0).tolist() == []
