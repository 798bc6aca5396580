"""Where everything lives. No other module spells a folder's name.

Everything hangs from `ROOT`, which is found from this file and never from the working directory.
"""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parent

NOTEBOOKS = ROOT / "notebooks"
TEMPLATE = NOTEBOOKS / "template"
ASSETS = ROOT / "assets"
IMAGES = ASSETS / "images"
DOWNLOADS = ASSETS / "notebooks"
DATA = ASSETS / "data"
INSTRUMENTS = ASSETS / "js" / "instruments"
VENDOR = ASSETS / "vendor"
INCLUDES = ROOT / "_includes"
SECTIONS = INCLUDES / "sections"  # typeset HTML, by paper and study
POSTS = ROOT / "_posts"
CLAIMS = ROOT / "_claims"
STUDIES = ROOT / "_studies"
SITE = ROOT / "_site"

BUILD = ROOT / "build"
CACHE = BUILD / "cache"
EXECUTED = BUILD / "executed"
FAILED = BUILD / "failed"  # partial notebooks of cells that failed, kept to be looked at
JEKYLL = BUILD / "jekyll"
MEMORY = BUILD / "memory"
SEARCH = BUILD / "search"  # the index of the search, and nothing else
REMOVED = BUILD / "removed"
TYPESET = BUILD / "typeset"
STAMPS = BUILD / "stamps"
OF_STUDIES = "studies"  # the folder of a paper's notebooks that are a page each
REQUIREMENTS = ROOT / "requirements" / "main.lock"


def relative(path: Path) -> str:
    """How messages and digests name a file: from the repository's root, with forward slashes."""
    return path.relative_to(ROOT).as_posix()


def generated() -> tuple[Path, ...]:
    """The folders that the build writes and nobody edits."""
    return BUILD, SITE, STUDIES, SECTIONS, IMAGES, DOWNLOADS, DATA, VENDOR


def indexes() -> list[Path]:
    """The page that lists the posts, in Markdown or HTML."""
    return [path for path in (ROOT / "index.md", ROOT / "index.html") if path.is_file()]


def packages() -> list[Path]:
    """The Python packages of this repository, of which notebooks may import any."""
    return sorted(path.parent for path in ROOT.glob("[!.]*/__init__.py"))


def notebooks_dir(paper: str) -> Path:
    """What a person writes: the paper's Markdown notebooks, its `references.bib` and its `macros.tex`."""
    return NOTEBOOKS / paper


def paper_of(folder: Path) -> str:
    """The paper whose notebooks, or whose studies, lie in this folder."""
    return folder.parent.name if folder.name == OF_STUDIES else folder.name


def bibliography(paper: str) -> Path:
    """The papers that the notes cite."""
    return notebooks_dir(paper) / "references.bib"


def macros(paper: str) -> Path:
    """The commands of TeX that all its formulas may use."""
    return notebooks_dir(paper) / "macros.tex"


def executed_path(paper: str, stem: str) -> Path:
    """A notebook with its outputs."""
    return EXECUTED / paper / f"{stem}.ipynb"


def typeset_file(page: str) -> Path:
    """What MathJax made of a page's formulas."""
    return TYPESET / f"{page}.json"
