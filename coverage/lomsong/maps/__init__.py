"""The interactive map: one HTML file that opens from disk, asks the network for nothing and runs nobody's names."""

from lomsong.maps.parts import Labels, MapOptions, MapParts, parts_of
from lomsong.maps.tiles import OnlineTiles
from lomsong.maps.village_map import save_map, village_map

__all__ = ["Labels", "MapOptions", "MapParts", "OnlineTiles", "parts_of", "save_map", "village_map"]
