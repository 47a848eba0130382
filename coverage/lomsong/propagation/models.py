"""
The propagation models that a run can choose, and what each is good for.

One row a model: everything that depends on which model is chosen is said here, once. A standard looks at the terrain
of every path; a baseline knows distance, frequency and heights alone (or nothing but distance), and is there to compare with.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lomsong.errors import RadioError
from lomsong.propagation.empirical import (
    COST231_LIMITS,
    HATA_LIMITS,
    RMA_NLOS_LIMITS,
    cost231_hata_loss,
    okumura_hata_loss,
    rma_nlos_loss,
)
from lomsong.propagation.free_space import free_space_loss
from lomsong.propagation.itm_settings import DEFAULT_SETTINGS
from lomsong.propagation.itm_variability import most_gain
from lomsong.propagation.limits import Limit
from lomsong.settings import ModelName

_Floats = NDArray[np.float64]
#: Loss beyond free space from distance [m], frequency [MHz], mast antenna and receiver above ground [m].
_Excess = Callable[[_Floats, _Floats, _Floats, _Floats], _Floats]

#: Numbers by which the kernels know what to compute; `GIVEN` takes the loss of the pair as it is handed over.
P1812, P526, DEYGOUT, ITM, GIVEN = range(5)

_ANY = (Limit("frequency_mhz", 30.0, 6000.0, "MHz"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """
    One propagation model as a choice of `radio.model`.

    Attributes
    ----------
    name : str
        As in the settings.
    title : str
        As on pictures and reports.
    label : {"standard", "baseline"}
        Whether it looks at the terrain of the path, or is there to compare with.
    kernel : int
        What the kernels compute.
    limits : tuple of Limit
        Frequencies it is defined for, which are enforced; distances and heights it was fitted to, beyond which it is
        extrapolated and counted.
    counts_clutter : bool
        Whether what stands on the ground is part of its profile.
    glance : bool
        Whether a few samples of a path bound its loss from below (`sampling.glance_loss`).
    gain_db : float
        By how much its level can exceed that of free space; zero where free space bounds it. [dB]
    area : bool
        Whether the area engines know it; else every cell of a raster has a path of its own.
    excess : callable or None
        The whole loss beyond free space of a model that needs no terrain.
    """

    name: ModelName
    title: str
    label: Literal["standard", "baseline"]
    kernel: int
    limits: tuple[Limit, ...] = _ANY
    counts_clutter: bool = False
    glance: bool = False
    gain_db: float = 0.0
    area: bool = False
    excess: _Excess | None = None

    @property
    def heading(self) -> str:
        """Return the title, with the label where that is a warning."""
        return f"{self.title} (baseline)" if self.label == "baseline" else self.title

    @property
    def frequency_mhz(self) -> Limit:
        """Return the frequencies it is defined for."""
        return self.limit("frequency_mhz") or _ANY[0]

    def limit(self, name: str) -> Limit | None:
        """Return the limit of one input, or None where it has none."""
        return next((limit for limit in self.limits if limit.name == name), None)

    def least_excess(
        self, distance_m: _Floats, frequency_mhz: _Floats, transmitter_m: _Floats, receiver_m: float
    ) -> _Floats:
        """
        Return the least loss beyond free space that the model can give; the loss itself where it needs no terrain.

        Parameters
        ----------
        distance_m, frequency_mhz, transmitter_m : ndarray, shape (...)
            Length of the path [m], carrier [MHz], mast antenna above ground. [m]
        receiver_m : float
            Receiver above ground. [m]

        Returns
        -------
        ndarray, shape (...)
            May be negative. [dB]
        """
        if self.excess is None:
            return np.full(np.shape(distance_m), -self.gain_db)
        return self.excess(distance_m, frequency_mhz, transmitter_m, np.asarray(receiver_m, dtype=np.float64))


def _beyond_free_space(loss: _Excess, limits: tuple[Limit, ...]) -> _Excess:
    """Return a loss beyond free space, held nearer than the model begins at its value there."""
    begins_m = next(limit.low for limit in limits if limit.name == "distance_m")

    def excess(
        distance_m: _Floats, frequency_mhz: _Floats, transmitter_m: _Floats, receiver_m: _Floats
    ) -> _Floats:
        away = np.maximum(distance_m, begins_m)
        total = loss(away, frequency_mhz, transmitter_m, receiver_m)
        return np.asarray(total - free_space_loss(away, frequency_mhz))

    return excess


def _hata(distance_m: _Floats, frequency_mhz: _Floats, base_m: _Floats, mobile_m: _Floats) -> _Floats:
    return okumura_hata_loss(distance_m, frequency_mhz, base_m, mobile_m, extrapolate=True)


def _cost231(distance_m: _Floats, frequency_mhz: _Floats, base_m: _Floats, mobile_m: _Floats) -> _Floats:
    return cost231_hata_loss(distance_m, frequency_mhz, base_m, mobile_m, extrapolate=True)


def _rma(distance_m: _Floats, frequency_mhz: _Floats, base_m: _Floats, mobile_m: _Floats) -> _Floats:
    return rma_nlos_loss(distance_m, frequency_mhz, base_m, mobile_m, extrapolate=True)


def _nothing(
    distance_m: _Floats,
    frequency_mhz: _Floats,  # noqa: ARG001 - one signature for all
    base_m: _Floats,  # noqa: ARG001
    mobile_m: _Floats,  # noqa: ARG001
) -> _Floats:
    return np.zeros(np.shape(distance_m))


#: By the name in the settings.
MODELS: dict[ModelName, Model] = {
    model.name: model
    for model in (
        Model(
            name="p1812",
            title="ITU-R P.1812",
            label="standard",
            kernel=P1812,
            counts_clutter=True,
            glance=True,
            area=True,
        ),
        Model(
            name="p526",
            title="ITU-R P.526 delta-Bullington",
            label="standard",
            kernel=P526,
            counts_clutter=True,
            glance=True,
            area=True,
        ),
        Model(
            name="deygout", title="P.526-11 Deygout", label="standard", kernel=DEYGOUT, counts_clutter=True
        ),
        Model(
            name="itm",
            title="Longley-Rice (ITM)",
            label="standard",
            kernel=ITM,
            gain_db=most_gain(DEFAULT_SETTINGS.statistics().climate),
        ),
        Model(
            name="hata",
            title="Okumura-Hata, open country",
            label="baseline",
            kernel=GIVEN,
            limits=HATA_LIMITS,
            excess=_beyond_free_space(_hata, HATA_LIMITS),
        ),
        Model(
            name="cost231",
            title="COST-231 Hata",
            label="baseline",
            kernel=GIVEN,
            limits=COST231_LIMITS,
            excess=_beyond_free_space(_cost231, COST231_LIMITS),
        ),
        Model(
            name="rma",
            title="3GPP TR 38.901 RMa NLOS",
            label="baseline",
            kernel=GIVEN,
            limits=RMA_NLOS_LIMITS,
            excess=_beyond_free_space(_rma, RMA_NLOS_LIMITS),
        ),
        Model(name="free_space", title="free space", label="baseline", kernel=GIVEN, excess=_nothing),
    )
}


def refuse_frequencies(model: Model, frequency_mhz: NDArray[np.float64]) -> None:
    """
    Raise where sectors send on frequencies that the model is not defined for.

    Raises
    ------
    RadioError
        Names the limit, and the models that all of the frequencies are within.
    """
    problem = model.frequency_mhz.problem(frequency_mhz)
    if problem is None:
        return
    fitting = [name for name, each in MODELS.items() if each.frequency_mhz.problem(frequency_mhz) is None]
    advice = f"set radio.model to {' or '.join(fitting)}" if fitting else "leave out these sectors"
    raise RadioError(f"radio.model {model.name} ({model.title}): {problem} of the sectors; {advice}")
