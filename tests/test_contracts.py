"""Contracts: one message with every problem, rows named."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point

from lomsong.contracts import Column, Table, may_repeat
from lomsong.errors import CrsError, TableError
from lomsong.schemas import TABLES

THINGS = Table(
    name="things",
    meaning="one row a thing",
    key="id",
    geometry="none",
    columns=(
        Column(name="id", kind="text", meaning="code", required=True, unique=True),
        Column(name="height_m", kind="number", meaning="height", unit="m", minimum=1, maximum=300),
        Column(name="colour", kind="text", meaning="colour", choices=("red", "blue")),
        Column(name="weight_kg", kind="number", meaning="mass", required=True, hint="weigh it"),
    ),
)


def test_every_problem_stands_in_one_message_with_its_rows() -> None:
    frame = pd.DataFrame(
        {"id": ["a", "b", "b"], "height_m": [0.0, 5.0, float("inf")], "colour": ["red", "green", None]}
    )
    with pytest.raises(TableError) as caught:
        THINGS.check(frame)
    assert str(caught.value).splitlines() == [
        "things: 4 problems",
        "  - 'id' is not unique in 2 rows: b, b",
        "  - 'height_m' is outside [1, 300] m in 2 rows: a, b",
        "  - 'colour' is not one of red, blue in 1 row: b",
        "  - column 'weight_kg' is missing (mass); weigh it",
    ]


def test_a_word_in_a_number_column_is_named() -> None:
    frame = pd.DataFrame({"id": ["a"], "weight_kg": ["heavy"]})
    with pytest.raises(TableError, match="'weight_kg' is not a number in 1 row: a"):
        THINGS.check(frame)


def test_a_good_table_passes_and_stays_as_it_is() -> None:
    frame = pd.DataFrame({"id": ["01"], "height_m": [None], "weight_kg": [1.0], "colour": ["red"]})
    before = frame.copy(deep=True)
    THINGS.check(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_an_empty_table_is_a_problem() -> None:
    with pytest.raises(TableError, match="the table is empty"):
        THINGS.check(pd.DataFrame({"id": [], "weight_kg": []}))


def test_a_layer_without_crs_is_refused() -> None:
    frame = gpd.GeoDataFrame({"sector_id": ["a"]}, geometry=[Point(0, 0)])
    with pytest.raises(CrsError, match="no CRS"):
        TABLES["sectors"].check(frame)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_units_end_the_names_of_physical_columns(table: Table) -> None:
    endings = {
        "m": "_m",
        "MHz": "_mhz",
        "dBm": "_dbm",
        "dB": "_db",
        "deg": "_deg",
        "Mbit/s": "_mbps",
        "ms": "_ms",
    }
    for column in table.columns:
        if column.unit in endings:
            assert column.name.endswith(endings[column.unit]), column.name
        assert column.meaning


@pytest.mark.parametrize("seed", range(20))
def test_what_cannot_repeat_does_not(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = pd.Series(rng.integers(0, 10 ** rng.integers(1, 6), rng.integers(0, 60)))
    for texts in (values.astype("string"), values.astype(object), values.where(values > 2).astype("string")):
        # equal hashes of different texts would be allowed, but not seen with so few
        assert may_repeat(texts) == texts.duplicated().any()


def test_half_a_letter_in_a_key_is_counted_like_any_other() -> None:
    assert may_repeat(pd.Series(["\ud800", "a"], dtype=object))
    keys = Table(
        name="t",
        meaning="m",
        key="k",
        geometry="none",
        columns=(Column(name="k", kind="text", meaning="m", unique=True),),
    )
    keys.check(pd.DataFrame({"k": ["\ud800", "a"]}, dtype=object))
    with pytest.raises(TableError, match="k"):
        keys.check(pd.DataFrame({"k": ["\ud800", "\ud800"]}, dtype=object))
