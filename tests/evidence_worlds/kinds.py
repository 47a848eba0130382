"""
The kinds of made-up worlds and every parameter of them, written down before anything was tuned.

Nothing here, or in the other modules of this folder, comes from the package's propagation models. A kind names a
physics (how waves get over hills), a land, a network, what the records get wrong, and who measured where. A seed draws
one world of the kind, and moves the parameters a little, so that no two worlds of a kind are alike.
"""

from dataclasses import dataclass, replace

import numpy as np

#: Worlds looked at while the method was made, and those that nobody looked at until the end.
DEVELOPMENT_SEEDS = (1, 2, 3)
FINAL_SEEDS = (9001, 9002)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """
    Parameters of one kind of world.

    Attributes
    ----------
    name : str
        What it is called.
    physics : {'crests', 'rounded', 'bending'}
        How hills take signal away; see `waves`.
    relief_m, wavelength_m : float
        Height from valley floor to crest, and distance between ridges. [m]
    exponent : float
        Path-loss exponent beyond 1 km; 2 is free space.
    clutter_db, forest_share, clutter_known : float, float, bool
        Mean extra loss in forest at 1800 MHz [dB], how much of the land it covers, and whether the records hold it.
    shadow_db, shadow_m, shadow_between : float
        Spread of shadowing [dB], its correlation length [m], and its correlation between masts.
    power_db, height_part : float
        Error of recorded power [dB] and of recorded antenna height (part of it).
    position_m, moved, missing, stale : float
        Usual error of recorded positions along each axis [m]; shares of masts that are recorded 1 to 2 km off, not
        recorded at all, and recorded although switched off.
    azimuths_known, sigmas_known : bool
        Whether the records hold the directions of the sectors, and how wrong they may be.
    operators : int
        Networks.
    technologies : tuple of str
        On the masts.
    dark_share : float
        Share of villages without signal at which building stops.
    device_db : float
        Error of one sample. [dB]
    tests_per_head, overdispersion : float
        Mean number of tests a person makes where there is signal, and the shape of their gamma spread between villages.
    report_rate, false_reports : float
        Mean number of reports of no service a dark village files, and of those a lit one does.
    checks : float
        Share of villages that a field team visited.
    old : float
        Share of samples and tests from before the newest masts went on air.
    """

    name: str
    physics: str
    relief_m: float
    wavelength_m: float
    exponent: float
    clutter_db: float
    forest_share: float
    clutter_known: bool
    shadow_db: float
    shadow_m: float
    shadow_between: float
    power_db: float
    height_part: float
    position_m: float
    moved: float
    missing: float
    stale: float
    azimuths_known: bool
    sigmas_known: bool
    operators: int
    technologies: tuple[str, ...]
    dark_share: float
    device_db: float = 2.5
    tests_per_head: float = 0.02
    overdispersion: float = 1.0
    report_rate: float = 0.0
    false_reports: float = 0.0
    checks: float = 0.0
    old: float = 0.0


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            name="crests", physics="crests", relief_m=700, wavelength_m=7000, exponent=2.2, clutter_db=8,
            forest_share=0.45, clutter_known=False, shadow_db=8, shadow_m=400, shadow_between=0.5, power_db=3,
            height_part=0.15, position_m=100, moved=0.05, missing=0.15, stale=0.05, azimuths_known=True,
            sigmas_known=False, operators=3, technologies=("2g", "3g", "4g"), dark_share=0.25,
        ),
        Kind(
            name="rounded", physics="rounded", relief_m=450, wavelength_m=9000, exponent=2.4, clutter_db=12,
            forest_share=0.6, clutter_known=True, shadow_db=7, shadow_m=700, shadow_between=0.4, power_db=2.5,
            height_part=0.2, position_m=60, moved=0.03, missing=0.10, stale=0.03, azimuths_known=True,
            sigmas_known=True, operators=2, technologies=("3g", "4g"), dark_share=0.3, report_rate=1.0,
            false_reports=0.1,
        ),
        Kind(
            name="bending", physics="bending", relief_m=900, wavelength_m=6000, exponent=2.1, clutter_db=6,
            forest_share=0.35, clutter_known=False, shadow_db=9, shadow_m=300, shadow_between=0.6, power_db=4,
            height_part=0.2, position_m=150, moved=0.05, missing=0.20, stale=0.05, azimuths_known=False,
            sigmas_known=False, operators=3, technologies=("2g", "4g"), dark_share=0.3, tests_per_head=0.05,
            overdispersion=0.7,
        ),
        Kind(
            name="forest", physics="crests", relief_m=200, wavelength_m=5000, exponent=2.8, clutter_db=18,
            forest_share=0.7, clutter_known=False, shadow_db=6.5, shadow_m=500, shadow_between=0.5, power_db=3,
            height_part=0.1, position_m=80, moved=0.02, missing=0.12, stale=0.04, azimuths_known=True,
            sigmas_known=False, operators=2, technologies=("2g", "3g", "4g"), dark_share=0.2,
        ),
        Kind(
            name="gaps", physics="bending", relief_m=600, wavelength_m=8000, exponent=2.2, clutter_db=9,
            forest_share=0.5, clutter_known=False, shadow_db=8, shadow_m=500, shadow_between=0.5, power_db=3,
            height_part=0.15, position_m=120, moved=0.08, missing=0.30, stale=0.08, azimuths_known=False,
            sigmas_known=False, operators=3, technologies=("3g", "4g"), dark_share=0.22, tests_per_head=0.04,
            report_rate=0.6, false_reports=0.06, checks=0.03,
        ),
        Kind(
            name="stale", physics="rounded", relief_m=650, wavelength_m=7500, exponent=2.2, clutter_db=7,
            forest_share=0.4, clutter_known=True, shadow_db=8.5, shadow_m=600, shadow_between=0.5, power_db=3.5,
            height_part=0.2, position_m=100, moved=0.05, missing=0.12, stale=0.15, azimuths_known=True,
            sigmas_known=True, operators=2, technologies=("2g", "3g", "4g"), dark_share=0.28, old=0.35,
        ),
        Kind(
            name="quiet", physics="crests", relief_m=550, wavelength_m=6500, exponent=2.0, clutter_db=5,
            forest_share=0.3, clutter_known=False, shadow_db=10, shadow_m=350, shadow_between=0.5, power_db=3,
            height_part=0.1, position_m=50, moved=0.02, missing=0.10, stale=0.02, azimuths_known=True,
            sigmas_known=True, operators=1, technologies=("4g",), dark_share=0.35, tests_per_head=0.004,
            overdispersion=0.5, checks=0.08,
        ),
    )
}  # fmt: skip

_JITTERED = (
    "relief_m", "wavelength_m", "clutter_db", "shadow_m", "power_db", "height_part", "position_m",
    "tests_per_head", "forest_share", "dark_share",
)  # fmt: skip


def jitter(kind: Kind, rng: np.random.Generator) -> Kind:
    """Move the parameters of a kind by up to a fifth, and shadowing by up to one decibel within 6 to 10."""
    moved = {name: getattr(kind, name) * float(rng.uniform(0.8, 1.2)) for name in _JITTERED}
    moved["shadow_db"] = float(np.clip(kind.shadow_db + rng.uniform(-1, 1), 6.0, 10.0))
    moved["missing"] = float(np.clip(kind.missing + rng.uniform(-0.03, 0.03), 0.10, 0.30))
    return replace(kind, **moved)
