"""How Sphinx builds the site: `make docs`."""

import sys
from pathlib import Path

from nb_sepconv.version import __version__

sys.path.insert(0, str(Path(__file__).parent))

project = "nb_sepconv"
author = "The nb_sepconv developers"
copyright = f"{author}, Apache-2.0"
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "extensions.absent_libraries",
    "extensions.no_foreign_resources",
    "extensions.signatures",
]
exclude_patterns = ["_build", "gallery"]
templates_path = ["_templates"]
nitpicky = True

myst_enable_extensions = ["colon_fence", "attrs_inline"]
myst_heading_anchors = 3

default_role = "literal"
autosummary_generate = True
autodoc_typehints = "none"
autodoc_member_order = "groupwise"
autoclass_content = "class"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
maximum_signature_line_length = 88
python_use_unqualified_type_names = True
toc_object_entries = False

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "examples",
    "filename_pattern": r"\.py$",
    "within_subsection_order": "ExampleTitleSortKey",
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
    "plot_gallery": True,
    "image_scrapers": ("matplotlib",),
    "reset_modules": ("matplotlib", "extensions.fresh_graph.reset"),
    "remove_config_comments": True,
}

html_theme = "pydata_sphinx_theme"
html_title = "nb_sepconv"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_sidebars = {"benchmarks": []}
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "nb_sepconv"},
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "navbar_align": "left",
    "pygments_light_style": "tango",
    "pygments_dark_style": "monokai",
}
