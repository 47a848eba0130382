"""Mast and cell lists of every layout: one raw row a carrier."""

from lomsong.sources.masts.reading import read_masts

__all__ = ["read_masts"]
