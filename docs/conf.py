"""Sphinx settings."""

import sys
from importlib.metadata import version as installed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "coverage"))

project = "lomsong"
author = "the lomsong authors"
copyright = "2026, the lomsong authors"
version = release = installed("lomsong")
extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc", "sphinx.ext.mathjax"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
exclude_patterns = ["_build", "generated/README.md"]
html_theme = "furo"
html_title = "lomsong"
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
nitpicky = False
suppress_warnings = ["myst.xref_missing"]
