"""The stages in their order, each skipped where nothing that it reads or writes has changed.

Until a stage is known to have work, nothing slower than hashing is imported.
"""

import fcntl
import os
import platform
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from publishing import folders, memory, notebooks, paths, posts, progress, stamps
from publishing.errors import PublishingError
from publishing.faults import Faults
from publishing.files import UNFINISHED, below
from publishing.site import search

if TYPE_CHECKING:
    from subprocess import Popen

    from publishing.execute.jobs import Executed, Job
    from publishing.render.exporter import SectionExporter
    from publishing.render.page import Paper


def build_notebooks(only: str | None = None, force: bool = False) -> None:
    """Execute and render every paper, or the one notebook of each that `only` names."""
    with _alone():
        faults = _of_files()
        papers = [paper for paper in _papers() if notebooks.select(paper, only)]
        if not _papers():
            raise PublishingError("no paper in notebooks/; write notebooks/<paper>/01-paper-overview.md")
        if not papers:
            there = dict.fromkeys(notebooks.slug_of(stem) or stem for one in _papers() for stem in notebooks.every(one))
            raise PublishingError(f"no notebook is numbered or named {only!r}; there are {', '.join(there)}")
        made = _notebooks_stage(papers, faults, only, force)
        if not only:
            _remove_strays(papers, made)


def build_site(drafts: bool = False, then: Callable[[], None] = lambda: None) -> None:
    """Update the whole site, with unpublished posts if `drafts`, say where it is, and do `then` while it stays so.

    What would stop it only after minutes of executing is looked at first. Of a paper that no such post shows nothing is
    made, and what was made of it before is removed.
    """
    from publishing.site import jekyll

    with _alone(), ExitStack() as running:
        began = stamps.now()
        faults = _of_files()
        settings = jekyll.build_settings(drafts)
        papers = [paper for paper in _papers() if posts.is_shown(paper, drafts)]
        load = cache(lambda: running.enter_context(jekyll.loading()))
        made = _notebooks_stage(papers, faults, is_stale=None if drafts else load)
        _remove_strays(papers, made)
        _site_stage(papers, settings, began, load)
        for paper in _papers():
            address = posts.address(paper)
            post = paths.SITE / address.strip("/") / "index.html"
            if post.is_file():
                print(f"the post: {paths.relative(post)}")
            else:
                print(f"{paper} has no post at {address}; if it is a draft, `make serve` shows it")
        then()


def index_site() -> None:
    """Bring the index of the search up to date with the site as it is, drafts too: for `make serve`."""
    with _alone():
        search.update(paths.SITE)


def warm_up() -> Iterator[None]:
    """Import what a build of the site takes, but for kernels, and go once through what it reads, step by step.

    Much of what is found out on the way is known then, as long as the file that it was found in stays the same: of the
    paper that was edited last, since a person works on one at a time.
    """
    import jupytext  # noqa: F401

    from publishing.checks import beside, lint
    from publishing.execute import jobs
    from publishing.render import exporter
    from publishing.site import downloads, jekyll, patch, vendor  # noqa: F401

    if any(beside.unreadable()):
        return
    stamps.look_at_all()
    for paper in sorted(notebooks.papers(), key=_last_edit)[-1:]:
        with suppress(Exception):  # the build will tell it
            jobs.planned(paper, lint.sound(paper, notebooks.every(paper), Faults()))
            yield
            draft, settings = exporter.SectionExporter().draft(paper), jekyll.build_settings()
            downloads.of(draft, settings["url"] + settings["baseurl"], settings["repository"])
            yield


def _last_edit(paper: str) -> float:
    return max(map(stamps.written, below(paths.notebooks_dir(paper))), default=0)


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the repository, so that two builds do not mix; the second waits.

    If we are killed, the system lets go as soon as Jekyll, which inherits the hold, is done too.
    """
    root = os.open(paths.ROOT, os.O_RDONLY)
    os.set_inheritable(root, True)
    umask = os.umask(0o022)  # a web server reads what we write, whoever it is
    try:
        try:
            fcntl.flock(root, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another build is running here; waiting for it to end", flush=True)
            with progress.doing(lambda: "waiting for another build to end"):
                fcntl.flock(root, fcntl.LOCK_EX)
        for folder in paths.generated():  # what a killed build was about to write
            for path in folder.rglob(f"{UNFINISHED}*"):
                path.unlink()
        yield
    finally:
        os.umask(umask)
        os.close(root)


def _papers() -> list[str]:
    return [paper for paper in notebooks.papers() if notebooks.sections(paper)]


def _of_files() -> Faults:
    """Where a file names a paper or a section that is gone, and files beside the notebooks that nothing reads."""
    from publishing.checks import beside, names

    Faults(beside.unreadable()).tell()
    return Faults([*names.problems(), *beside.problems()])


def _notebooks_stage(
    papers: list[str],
    faults: Faults,
    only: str | None = None,
    force: bool = False,
    is_stale: Callable[[], object] | None = None,
) -> list[Path]:
    """Update what is made of the papers' notebooks; returns all of it. They may link to each other: all run first.

    `is_stale` is called as soon as there is something to do, after which the site is mostly stale too.
    """
    began = stamps.now()
    code = stamps.digests(_code())
    inputs = {paper: _inputs(paper, code) for paper in papers}
    fresh = {} if only or force else {paper: _outputs_if_fresh(paper, inputs[paper]) for paper in papers}
    stale = {paper: _made_from(paper, only, inputs[paper]) for paper in papers if not fresh.get(paper)}
    if stale and is_stale:
        is_stale()
    executed = _executed(stale, faults, force, began)
    others = [paper for paper in papers if paper not in executed]
    any_ran = any(one.ran for of_paper in executed.values() for one in of_paper)
    while any_ran and (late := [one for one in others if not _outputs_if_fresh(one, inputs[one])]):
        for known in (_paper, _exporter):  # with these papers as they were
            known.cache_clear()
        executed |= _executed({paper: _made_from(paper, only, inputs[paper]) for paper in late}, faults, force, began)
        others = [paper for paper in others if paper not in late]
    made: list[Path] = []
    for paper in papers:
        if paper in executed:
            made += _rendered(paper, only, executed[paper], inputs[paper], began)
        else:
            _say(paper, notebooks.every(paper), "nothing changed")
            _say_figures(unchanged=fresh[paper])
            made += fresh[paper]
    return made


def _inputs(paper: str, code: stamps.Digests) -> dict[str, Any]:
    written = stamps.digests(below(paths.notebooks_dir(paper)))
    fronts = [post.front for post in posts.of(paper)]
    return {**code, **written, "python": platform.python_version(), "post": fronts}


def _outputs_if_fresh(paper: str, inputs: dict[str, Any]) -> list[Path]:
    return stamps.outputs_if_fresh(stamps.of_notebooks(paper), inputs) or []


def _made_from(paper: str, only: str | None, inputs: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What each of the chosen notebooks may depend on: itself, and all that is no other notebook."""
    of_others = {paths.relative(path) for path in below(paths.notebooks_dir(paper)) if path.suffix in (".md", ".bib")}
    around = {name: was for name, was in inputs.items() if name not in of_others and name != "post"}
    return {stem: around | stamps.digests([notebooks.path_of(paper, stem)]) for stem in notebooks.select(paper, only)}


def _executed(
    papers: dict[str, dict[str, dict[str, Any]]], faults: Faults, force: bool, began: float
) -> dict[str, list["Executed"]]:
    """The notebooks of these papers. One that was good, and is as it was with all that it may depend on, is not read.

    All faults are told at once: those of what is written before anything runs, and later those of all outputs.
    """
    if not papers:
        faults.tell()
        return {}
    from publishing.checks import lint
    from publishing.execute import jobs

    done: dict[str, dict[str, Executed]] = {}
    written = {}
    for paper, made_from in papers.items():
        found = {} if force else {stem: jobs.kept(paper, stem, made_of) for stem, made_of in made_from.items()}
        done[paper] = {stem: one for stem, one in found.items() if one}
        written[paper] = lint.sound(paper, [stem for stem in made_from if stem not in done[paper]], faults)
    planned = {} if faults else {paper: jobs.planned(paper, them, force) for paper, them in written.items()}
    if faults or any(job.run is None for of_paper in planned.values() for job in of_paper):
        _tell(faults, [_excerpt(paper, of_paper, faults) for paper, of_paper in written.items()])
    _run(planned, done, faults)
    for paper, made_from in papers.items():
        for stem in written[paper]:
            one = done[paper][stem]
            stamps.record(stamps.of_notebook(paper, stem), made_from[stem], [one.path], one.made_from, since=began)
    return {paper: [done[paper][stem] for stem in made_from] for paper, made_from in papers.items()}


def _run(planned: dict[str, list["Job"]], done: dict[str, dict[str, "Executed"]], faults: Faults) -> None:
    """Run the jobs of all papers, which is then done too, and look at all that the papers show.

    A notebook that read what another one wrote later runs again.
    """
    from nbformat import v4

    from publishing.checks import lint
    from publishing.execute import jobs

    shown = []
    tries: Counter[str] = Counter()
    while planned:
        for paper, of_paper in planned.items():
            try:
                done[paper] |= {job.stem: one for job, one in zip(of_paper, jobs.execute(of_paper), strict=True)}
            except jobs.NotAllRan as failed:
                faults += str(failed).splitlines()
                before = {stem: v4.reads(one.path.read_text(encoding="utf-8")) for stem, one in done.pop(paper).items()}
                shown.append(_excerpt(paper, before | failed.ran, faults))
        aged = {} if faults else _aged(done)
        tries.update(f"{paper}/{stem} reads {name}" for paper, names in aged.items() for stem, name in names.items())
        if restless := [reading for reading, count in tries.items() if count == jobs.TRIES]:
            told = "which is another after each run; let no notebook write what notebooks read"
            faults += [f"{reading}, {told}" for reading in restless]
            break
        planned = {paper: jobs.planned(paper, lint.sound(paper, stems, faults)) for paper, stems in aged.items()}
    shown += map(_paper, done)
    faults += [fault for paper in shown for fault in paper.faults]
    if faults:
        _tell(faults, shown)


def _aged(done: dict[str, dict[str, "Executed"]]) -> dict[str, dict[str, str]]:
    """The notebooks of which a file is no longer as they read it, with its name, by their papers; none if none ran."""
    if not any(one.ran for of_paper in done.values() for one in of_paper.values()):
        return {}
    found = {paper: {stem: one.changed() for stem, one in of_paper.items()} for paper, of_paper in done.items()}
    return {paper: names for paper, of_paper in found.items() if (names := {k: v for k, v in of_paper.items() if v})}


def _excerpt(paper: str, of_paper: dict[str, notebooks.NotebookNode], faults: Faults) -> "Paper":
    excerpt = _exporter().excerpt(paper, of_paper)
    faults += excerpt.faults
    return excerpt


def _tell(faults: Faults, papers: list["Paper"]) -> None:
    """Raise PublishingError with these faults, and with those of the formulas of these papers, if there are any."""
    from publishing.render import products

    for paper in papers:
        faults.attempt(products.try_formulas, paper)
    faults.tell()


def _rendered(
    paper: str, only: str | None, executed: list["Executed"], inputs: dict[str, Any], began: float
) -> list[Path]:
    """Write what the site shows of a paper beside its text, which is built and checked already."""
    from publishing.render import products

    with progress.doing(lambda: f"rendering {paper}"):
        report = folders.sync(products.images_and_data(_paper(paper)))
    rendered = "rendered" if report.written or report.changed else "nothing changed"
    chosen = notebooks.select(paper, only)
    _say(paper, chosen, f"{ran} executed" if (ran := sum(one.ran for one in executed)) else rendered)
    _say_figures(**vars(report))
    made = [*(one.path for one in executed), *report.made]
    if chosen == notebooks.every(paper):
        found = {name: was for one in executed for name, was in one.made_from.items()}
        stamps.record(stamps.of_notebooks(paper), inputs, made, found, since=began)
    return made


def _remove_strays(papers: list[str], made: list[Path]) -> None:
    """Remove what is in the folders of the notebooks' stages and was not made of these papers."""
    of_each = [stamps.of_notebook(paper, stem) for paper in papers for stem in notebooks.every(paper)]
    of_papers = [stage(paper) for paper in papers for stage in (stamps.of_notebooks, stamps.of_pages)]
    known = map(stamps.path_of, ["site", search.STAGE, *of_papers, *of_each])
    folders.sweep([paths.FAILED, paths.STAMPS], known)
    _swept([paths.EXECUTED, paths.IMAGES, paths.DATA], made)


def _site_stage(papers: list[str], settings: dict[str, Any], began: float, load: Callable[[], "Popen[str]"]) -> None:
    """Update what Jekyll reads, and the site by a Jekyll that may be loading already."""
    from publishing.site import jekyll, vendor

    vendor.copy_packages()
    inputs = {**stamps.digests(_read_by_site(papers)), **settings, "search": search.program().is_file()}
    if (outputs := stamps.outputs_if_fresh("site", inputs)) is not None:
        if not _swept([paths.SITE, *_written_for_site()], outputs):
            print("site: nothing changed")
        return

    from publishing.site import patch

    made_from = {paper: _made_from_of_pages(paper, inputs) for paper in papers}
    kept = {paper: stamps.outputs_if_fresh(stamps.of_pages(paper), made_from[paper]) for paper in papers}
    may_patch = settings["unpublished"] and _only_text_changed(inputs)
    if not may_patch:
        load()
    pages = _pages([paper for paper, outputs in kept.items() if outputs is None], settings)
    made = {path: text for of_paper in pages.values() for path, text in of_paper.items()}
    before = {path: path.read_text(encoding="utf-8") for path in made if may_patch and path.is_file()}
    folders.sync(made)
    made_before = [path for outputs in kept.values() for path in outputs or []]
    _swept(_written_for_site(), [*made, *made_before])

    def tidy_up() -> None:
        for paper, of_paper in pages.items():
            stamps.record(stamps.of_pages(paper), made_from[paper], of_paper, _met(paper, inputs), since=began)
        memory.forget()

    if may_patch and patch.patched(before, made):
        tidy_up()
    else:
        with progress.doing(lambda: "building the site with Jekyll"):
            jekyll.build_site(settings["unpublished"], load(), meanwhile=tidy_up)
    met = {name: was for paper in papers for name, was in stamps.found(stamps.of_pages(paper)).items()}
    beside = {name: was for name, was in met.items() if name not in inputs}
    stamps.record("site", inputs, [*made, *made_before, *folders.everything(paths.SITE)], beside, since=began)


def _made_from_of_pages(paper: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """What the pages of a paper are made of: all that the site is, but for other papers and what Jekyll alone reads."""
    others = [folder for one in notebooks.papers() if one != paper for folder in _folders_of(one)]
    around = _within(paths.ROOT / "_layouts", paths.INCLUDES, paths.ASSETS / "css", *others)
    return {name: was for name, was in inputs.items() if not name.startswith(around)}


def _met(paper: str, inputs: dict[str, Any]) -> stamps.Digests:
    """What its pages came upon beside that: papers to which they link, whose numbers they give, and files they name."""
    pages = _paper(paper).pages.values()
    linked = {place.paper for page in pages for _, place in page.links} - {paper}
    others = _within(*(folder for one in linked for folder in _folders_of(one)))
    return {name: was for name, was in inputs.items() if name.startswith(others)} | stamps.states(
        name for page in pages for name in page.met
    )


def _folders_of(paper: str) -> list[Path]:
    """What the pages of a paper are made of, for the most part."""
    return [paths.EXECUTED / paper, paths.notebooks_dir(paper)]


def _within(*folders: Path) -> tuple[str, ...]:
    """How the names of files in these folders begin."""
    return tuple(f"{paths.relative(folder)}/" for folder in folders)


def _pages(papers: list[str], settings: dict[str, Any]) -> dict[str, dict[Path, str]]:
    """What the site's own stage makes of these papers, typeset; all their faults are told at once."""
    from publishing.render import products
    from publishing.site import downloads

    if faults := Faults(fault for paper in papers for fault in _paper(paper).faults):
        _tell(faults, [_paper(paper) for paper in papers])
    with progress.doing(lambda: "typesetting the formulas"):
        pages = {paper: faults.attempt(products.pages, _paper(paper)) or {} for paper in papers}
    faults.tell()
    for paper, made in pages.items():
        made |= downloads.of(_paper(paper), settings["url"] + settings["baseurl"], settings["repository"])
    return pages


def _only_text_changed(inputs: dict[str, Any]) -> bool:
    """Whether the site is as it was last built, but for what notebooks say."""
    of_notebooks = _within(paths.NOTEBOOKS, paths.EXECUTED)
    was = stamps.inputs("site")
    same = {name: value for name, value in was.items() if not name.startswith(of_notebooks)}
    now = {name: value for name, value in inputs.items() if not name.startswith(of_notebooks)}
    return same == now and stamps.outputs_if_fresh("site", was) is not None


@cache
def _paper(name: str) -> "Paper":
    return _exporter().draft(name)


@cache
def _exporter() -> "SectionExporter":
    from publishing.render.exporter import SectionExporter

    return SectionExporter()


def _say(paper: str, stems: list[str], state: str) -> None:
    what = f"{paper}/{stems[0]}:" if len(stems) == 1 else f"{paper}: {len(stems)} notebooks,"
    print(f"{what} {state}", flush=True)


def _say_figures(**made: list[Path]) -> None:
    """How many of them are new, changed, or as they were."""
    counts = {state: sum(path.parent == paths.IMAGES for path in files) for state, files in made.items()}
    if told := ", ".join(f"{count} {state}" for state, count in counts.items() if count):
        print(f"figures: {told}", flush=True)


def _swept(swept: list[Path], made: list[Path]) -> list[Path]:
    """What was there beside this, which may be a person's own: it lies in a folder of `build/removed/` now."""
    place = paths.REMOVED / time.strftime("%Y-%m-%d-%H-%M-%S")

    def move(stray: Path) -> None:
        target = place / stray.relative_to(paths.ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(stray, target)

    strays = folders.sweep(swept, made, move)
    if strays:
        first, more = paths.relative(strays[0]), f" and {len(strays) - 1} more" if len(strays) > 1 else ""
        print(f"moved to {paths.relative(place)}/, since nothing makes it: {first}{more}", flush=True)
    return strays


def _code() -> list[Path]:
    """All that notebooks may import, and the lock of the packages."""
    return [*(path for package in paths.packages() for path in below(package)), paths.REQUIREMENTS]


def _read_by_site(papers: list[str]) -> list[Path]:
    """What Jekyll may see: loose files of the root, its own folders and the assets; and what the pages are made of.

    It goes through links to folders, and sees hidden files where they are included.
    """
    from publishing.site import jekyll

    included = jekyll.configuration(paths.ROOT).get("include") or [".htaccess"]
    own = [path for path in paths.ROOT.glob("_*") if path not in paths.generated()]
    named = [path for name in map(str, included) if name.strip("./") for path in paths.ROOT.glob(name.strip("/"))]
    written = _written_for_site()
    roots = [path for path in (*own, *named, paths.ASSETS) if path.is_dir()]
    inside = (Path(parent, name) for root in roots for parent, within, _ in os.walk(root) for name in within)
    linked = [path for path in inside if path.is_symlink() and set(written).isdisjoint(path.parents)]
    made_of = [folder for paper in papers for folder in _folders_of(paper)]
    found = [path for place in (*roots, *linked, paths.PACKAGE, *made_of) for path in below(place, without=written)]
    hidden = [path for path in folders.everything(paths.INCLUDES) if set(written).isdisjoint(path.parents)]
    loose = [path for path in (*paths.ROOT.glob("[!.]*"), *named) if path.is_file()]
    return [paths.REQUIREMENTS, *loose, *hidden, *found]


def _written_for_site() -> list[Path]:
    """The folders of what the site's own stage makes of the notebooks."""
    return [paths.STUDIES, paths.SECTIONS, paths.DOWNLOADS]
