"""Speed tests: published tiles, and lists of single tests."""

from lomsong.sources.speedtests.ookla import decode_quadkeys
from lomsong.sources.speedtests.reading import read_speed_tests

__all__ = ["decode_quadkeys", "read_speed_tests"]
