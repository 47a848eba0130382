"""The terrain under the microwave hops of a plan, for the pictures beside it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lomsong.inputs import Inputs
from lomsong.path.terms import Ray, trace_ray
from lomsong.planning.investment import Plan
from lomsong.propagation.p526 import effective_earth_radius
from lomsong.propagation.profile import Profile, terrain_profile

#: Samples of a picture.
_SAMPLES = 400

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class HopPath:
    """
    One hop: the ends, the ground between them, the ray and its first Fresnel zone.

    Attributes
    ----------
    order : int
        Place of the site in the order of building.
    site_id, connects_to : str
        The two ends.
    near_height_m, far_height_m : float
        Antennas above ground. [m]
    frequency_mhz : float
        Carrier. [MHz]
    needed : float
        Part of the Fresnel radius that must be free.
    profile : Profile
        From the site to the other end.
    ray : Ray
        As of `trace_ray`.
    """

    order: int
    site_id: str
    connects_to: str
    near_height_m: float
    far_height_m: float
    frequency_mhz: float
    needed: float
    profile: Profile
    ray: Ray

    @property
    def free(self) -> _Floats:
        """Return the clearance over ground at every sample but the ends, in Fresnel radii; NaN without a height."""
        inner = slice(1, -1)
        over = self.ray.line_m - self.ray.bulge_m - self.profile.ground_m
        free: _Floats = over[inner] / np.maximum(self.ray.fresnel_m[inner], 1e-3)
        return free


def trace_hops(plan: Plan, inputs: Inputs, *, most: int) -> tuple[HopPath, ...]:
    """
    Trace the hops of a plan.

    Parameters
    ----------
    plan : Plan
        Stated from these inputs.
    inputs : Inputs
        With the terrain.
    most : int
        How many, the first to build first.

    Returns
    -------
    tuple of HopPath
        Of the sites with a microwave hop or a relay.
    """
    table, radio = plan.problem.options.table, inputs.settings.radio
    names = plan.problem.candidates["site_id"].astype(str).to_numpy()
    option_of = {names[int(table["site"].iloc[option])]: int(option) for option in plan.solution.chosen}
    radius_m = float(effective_earth_radius(radio.refractivity_gradient))
    found: list[HopPath] = []
    for row in plan.sites.to_dict("records"):
        option = table.iloc[option_of[str(row["site_id"])]]
        if len(found) == most:
            break
        if not np.isfinite(option["to_x"]):
            continue
        start, end = (row["geometry"].x, row["geometry"].y), (float(option["to_x"]), float(option["to_y"]))
        step_m = max(float(np.hypot(end[0] - start[0], end[1] - start[1])) / _SAMPLES, 1.0)
        profile = terrain_profile(inputs.terrain, start, end, step_m=step_m, crs=inputs.crs)
        near, far = float(option["from_height_m"]), float(option["to_height_m"])
        found.append(
            HopPath(
                order=int(row["order"]),
                site_id=str(row["site_id"]),
                connects_to=str(row["connects_to"]),
                near_height_m=near,
                far_height_m=far,
                frequency_mhz=plan.problem.settings.hop_mhz,
                needed=plan.problem.settings.fresnel_share,
                profile=profile,
                ray=trace_ray(profile, near, far, plan.problem.settings.hop_mhz, radius_m),
            )
        )
    return tuple(found)
