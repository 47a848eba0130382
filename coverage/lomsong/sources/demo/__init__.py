"""
The demo district: a made-up mountain district in real file formats, with the truth behind it.

`write_demo` writes it. Its truth follows rules of its own and imports nothing from the predictor.
"""

from lomsong.sources.demo.files import write_demo

__all__ = ["write_demo"]
