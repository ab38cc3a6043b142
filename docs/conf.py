"""The documentation as a site: Sphinx with MyST Markdown and the theme Furo, without a network.

``make docs`` builds it to ``data/work/site``; every warning is an error. The pages of
``reference/`` are filled from the code while they are read (`_extensions/reference.py`).
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

from mmskin_build import __version__

project = "mmskin-build"
author = "the makers of mmskin-build"
release = version = __version__

extensions = ["myst_parser", "reference"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_extensions"]
nitpicky = True
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]

html_theme = "furo"
html_title = f"mmskin-build {__version__}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {"navigation_with_keys": True}
pygments_style = "default"
pygments_dark_style = "github-dark"
highlight_language = "text"  # commands with their remarks; Python blocks say so
