"""
The only door to numba.

numba (0.68 at the time of writing) imports whatever is called ``coverage`` and takes it for coverage.py. Run
from the repository root of a checkout without coverage.py, that is our folder of sources, and the import of
numba crashes. So a look-alike is hidden while numba loads, and put back after.
"""

import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def _without_the_look_alike() -> Iterator[None]:
    spec = importlib.util.find_spec("coverage") if "coverage" not in sys.modules else None
    shadowed = spec is not None and spec.origin is None  # a namespace folder, not coverage.py
    if shadowed:
        sys.modules["coverage"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if shadowed:
            sys.modules.pop("coverage", None)


def _find_a_cache() -> None:
    """Give numba a folder for machine code where it may write neither beside the modules nor at home."""
    folder = Path(__file__).parent / "__pycache__"
    beside = os.access(folder if folder.is_dir() else folder.parent, os.W_OK)
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() raises where there is none
    if not beside and not os.access(home, os.W_OK):
        os.environ.setdefault(
            "NUMBA_CACHE_DIR", str(Path(tempfile.gettempdir()) / f"lomsong-numba-{os.getuid()}")
        )


_find_a_cache()
with _without_the_look_alike():
    import numba
    import numba.extending

#: Compile a scalar or one-profile kernel; the machine code is kept on disk beside the module.
kernel = numba.njit(cache=True, nogil=True, error_model="numpy")
#: The same for a function whose outer loop (`prange`) runs on all threads.
parallel_kernel = numba.njit(cache=True, nogil=True, error_model="numpy", parallel=True)
#: What LLVM may take for granted in a swift kernel: no NaN comes in. Not that products and sums may be fused or put in
#: another order: it does so or not by what is around the kernel, and what a process has compiled itself would differ in the
#: last bit from the same kept on disk.
FREEDOMS = ("nnan", "nsz", "ninf")
#: A kernel whose products and sums may be fused.
fused_kernel = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "arcp"})
#: A kernel whose sums may be added in any order; NaN passes through.
summing_kernel = numba.njit(
    cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"}
)
#: A kernel with all of `FREEDOMS`.
swift_kernel = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=set(FREEDOMS))
#: For what is too small to be called: its body goes into every caller.
inlined_kernel = numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")
#: Write an instruction of the processor by hand.
intrinsic = numba.extending.intrinsic
prange = numba.prange
set_num_threads = numba.set_num_threads
get_num_threads = numba.get_num_threads
