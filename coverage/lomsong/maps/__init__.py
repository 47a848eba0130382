"""The interactive map: one HTML file that opens from disk, asks the network for nothing and runs nobody's names."""

from lomsong.maps.village_map import save_map, village_map

__all__ = ["save_map", "village_map"]
