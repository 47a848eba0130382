"""What to fetch or ask for next: the gaps that touch most villages come first."""

from collections.abc import Sequence

from lomsong.quality.measures import GRADES, Measure
from lomsong.quality.report import Advice

#: What mends a bad measure, and the layer of `lomsong fetch` that brings it, where one does.
REMEDIES: dict[str, tuple[str, str]] = {
    "terrain_village": ("terrain that reaches beyond the villages by the radius of a mast", "dem"),
    "terrain_void": ("a terrain model without holes", "dem"),
    "village_population": ("residents of each village, or a population raster", "population"),
    "people_empty": ("a population raster that knows these villages", "population"),
    "people_total": ("official totals, and let population be scaled to them", ""),
    "mast_assumed": ("frequency, power, height, azimuth and tilt from the operators' site lists", ""),
    "mast_operator": ("the operators' own site lists", ""),
    "mast_undated": ("dates of the mast records: masts since switched off do not show", ""),
    "mast_age": ("a newer mast list", "opencellid"),
    "mast_position": ("surveyed positions of the masts", ""),
    "test_none": ("mobile speed tests or drive tests where there are none", "speed_mobile"),
    "test_undated": ("the days of the measurements", ""),
    "test_age": ("newer measurements", "speed_mobile"),
    "village_area": ("outlines of the villages that are only points", "boundaries"),
    "village_size": ("the outlines that the published areas are of", ""),
    "commune_size": ("the outlines that the published areas are of", ""),
    "village_code": ("the commune of each village", ""),
}


def advise(measures: Sequence[Measure], *, villages: int) -> tuple[Advice, ...]:
    """
    Say what would improve the data most.

    Parameters
    ----------
    measures : sequence of Measure
        Those graded C or D bring advice.
    villages : int
        All villages of the run.

    Returns
    -------
    tuple of Advice
        Ordered by the number of villages that the gap may touch (for a gap of a whole layer, the share of its rows
        of all villages), then by how bad it is.
    """
    found = []
    for measure in measures:
        grade = measure.grade
        if grade is None or GRADES.index(grade) < GRADES.index("C") or measure.key not in REMEDIES:
            continue
        what, layer = REMEDIES[measure.key]
        touched = _touched(measure, villages)
        how = f"; lomsong fetch brings it: --layers {layer}" if layer else ""
        message = f"{what}: {measure.kind.name} {measure.text}{how}"
        found.append((-touched, -GRADES.index(grade), Advice(measure.kind.layer, touched, message)))
    found.sort(key=lambda entry: entry[:2])
    return tuple(advice for *_, advice in found)


def _touched(measure: Measure, villages: int) -> int:
    if measure.of == villages and measure.kind.layer != "masts":
        return measure.count
    share = measure.value / 100 if measure.kind.unit == "%" else 1.0
    return round(villages * min(share, 1.0))
