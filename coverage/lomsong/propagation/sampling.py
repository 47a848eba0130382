"""Terrain under a path, and a first glance at it that bounds the loss from below."""

import math

from lomsong.compiled import kernel
from lomsong.propagation.p526 import knife_edge_kernel
from lomsong.units import SPEED_OF_LIGHT_MPS

#: P.1812 begins here; nearer, the loss is free space and diffraction. [m]
NEAREST_P1812_M = 250.0
#: Samples of a path that a first glance takes.
GLANCE_SAMPLES = 24


@kernel
def read_height(land, row, column):  # type: ignore[no-untyped-def]
    """Return the bilinear height at fractional pixels; NaN outside and where a neighbour is missing."""
    if not (0.0 <= row <= land.rows - 1 and 0.0 <= column <= land.columns - 1):
        return math.nan
    r, c = min(int(row), land.rows - 2), min(int(column), land.columns - 2)
    fr, fc = row - r, column - c
    terrain, r, c = land.terrain, r - land.first_row, c - land.first_column
    return (terrain[r, c] * (1 - fc) + terrain[r, c + 1] * fc) * (1 - fr) + (
        terrain[r + 1, c] * (1 - fc) + terrain[r + 1, c + 1] * fc
    ) * fr


@kernel
def sample_profile(land, row_a, column_a, row_b, column_b, count, heights):  # type: ignore[no-untyped-def]
    """
    Fill `heights` with `count` bilinear samples on the straight line from a to b, in fractional pixels.

    Returns False where the line leaves the raster or crosses a missing cell.
    """
    for i in range(count):
        part = i / (count - 1)
        height = read_height(land, row_a + (row_b - row_a) * part, column_a + (column_b - column_a) * part)
        if math.isnan(height):
            return False
        heights[i] = height
    return True


@kernel
def sample_surface(  # type: ignore[no-untyped-def]
    land, row_a, column_a, row_b, column_b, count, ground, surface
):
    """
    Fill `ground` as `sample_profile` does, and `surface` with it and the clutter that stands on it.

    Nothing stands under the antennas. Elsewhere the cell of the clutter that holds a sample counts: there is no height
    between a forest and a field. Where there is no clutter, `surface` stays as it is and may be `ground` itself.
    """
    if not sample_profile(land, row_a, column_a, row_b, column_b, count, ground):
        return False
    if land.clutter.size == 0:
        return True
    for i in range(count):
        part = i / (count - 1)
        row, column = row_a + (row_b - row_a) * part, column_a + (column_b - column_a) * part
        r, c = int(row + 0.5) - land.first_row, int(column + 0.5) - land.first_column
        surface[i] = ground[i] + land.clutter[r, c]
    surface[0], surface[count - 1] = ground[0], ground[count - 1]
    return True


@kernel
def glance_loss(  # type: ignore[no-untyped-def]
    land,
    row_a,
    column_a,
    row_b,
    column_b,
    count,
    length_m,
    tx_height_m,
    rx_height_m,
    frequency_mhz,
    radius_m,
    refractivity,
    p1812,
):
    """
    Return a lower bound of the loss beyond free space from `GLANCE_SAMPLES` of the samples of a path.

    Bullington's ν is √(2 d α₁ α₂ / λ), α being the steepest angles over the line of sight seen from both ends, and
    fewer samples never see steeper ones. Delta-Bullington is no less than Bullington. Zero (which bounds
    nothing) where the samples see no obstacle or a height is missing.
    """
    # Ground alone, also where clutter stands on it: clutter only raises the profile, diffraction never falls when a
    # sample rises, and of what P.1812 combines with it nothing else depends on clutter. So the bound on the bare
    # ground is one for the surface, only less sharp.
    tx_amsl_m = read_height(land, row_a, column_a) + tx_height_m
    rx_amsl_m = read_height(land, row_b, column_b) + rx_height_m
    steepest_tx, steepest_rx = 0.0, 0.0
    for k in range(1, GLANCE_SAMPLES):
        # denser towards the receiver, which stands lowest; always one of the path's own samples
        part = k / GLANCE_SAMPLES
        sample = count - 1 - max(int(part * part * (count - 1)), k)
        if sample < 1:
            break
        along = sample / (count - 1)
        from_tx_m, from_rx_m = length_m * along, length_m * (1 - along)
        ground_m = read_height(
            land, row_a + (row_b - row_a) * along, column_a + (column_b - column_a) * along
        )
        ray_m = tx_amsl_m + (rx_amsl_m - tx_amsl_m) * along
        over_m = ground_m + 0.5 * from_tx_m * from_rx_m / radius_m - ray_m
        if math.isnan(over_m):
            return 0.0
        steepest_tx = max(steepest_tx, over_m / from_tx_m)
        steepest_rx = max(steepest_rx, over_m / from_rx_m)
    if steepest_tx <= 0.0 or steepest_rx <= 0.0:
        return 0.0
    wave_m = SPEED_OF_LIGHT_MPS / (frequency_mhz * 1e6)
    edge_db = knife_edge_kernel(math.sqrt(2.0 * length_m * steepest_tx * steepest_rx / wave_m))
    # P.526 section 4.5.1, as P.1812 (21)
    bound_db = edge_db + (1.0 - math.exp(-edge_db / 6.0)) * (10.0 + 0.02 * length_m / 1e3)
    if p1812 and length_m >= NEAREST_P1812_M:
        # troposcatter fills deep shadows: no angle gives the least of it, and two equal paths add 1.5 dB
        ghz, km = frequency_mhz / 1e3, length_m / 1e3
        scatter_db = 190.1 + 25.0 * math.log10(ghz) - 2.5 * math.log10(0.5 * ghz) ** 2 - 0.15 * refractivity
        free_db = 92.4 + 20.0 * math.log10(ghz)  # the distance stands in both
        bound_db = min(bound_db, scatter_db - free_db) - 1.51 if km > 0.0 else 0.0
    return max(bound_db, 0.0)


@kernel
def departure_angle(  # type: ignore[no-untyped-def]
    distances, heights, count, tx_amsl_m, rx_amsl_m, radius_m
):
    """
    Return the elevation in which the ray leaves the mast: to the receiver, or to the horizon that hides it. [deg]

    Clutter, where it is counted, is part of `heights`.
    """
    length_m = distances[count - 1]
    steepest = (rx_amsl_m - tx_amsl_m) / length_m - 0.5 * length_m / radius_m
    for i in range(1, count - 1):
        slope = (heights[i] - tx_amsl_m) / distances[i] - 0.5 * distances[i] / radius_m
        steepest = max(steepest, slope)
    return math.degrees(math.atan(steepest))
