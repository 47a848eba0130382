"""Broadband by village, mobile and fixed apart: how fast, whether a line is there, and what people can use."""

from lomsong.broadband.lines import Lines, find_lines
from lomsong.broadband.speeds import Speeds, measure_speeds
from lomsong.broadband.usability import judge_broadband

__all__ = ["Lines", "Speeds", "find_lines", "judge_broadband", "measure_speeds"]
