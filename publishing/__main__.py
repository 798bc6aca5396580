"""`python -m publishing notebooks | site | serve | check | new | import | embed`: what the Makefile calls."""

import argparse
import errno
import gc
import io
import os
import sys
from select import select

from publishing.errors import PublishingError

_NO_ROOM = "make room on the disk, and run it again"
_NOT_OURS = "let whoever runs this read and write it, as by `sudo chown -R $USER` on its folder"
REMEDIES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), _NO_ROOM),
    **dict.fromkeys((errno.EACCES, errno.EPERM), _NOT_OURS),
    errno.ENAMETOOLONG: "shorten it",
    errno.ELOOP: "let the link lead to a file",
}


def main() -> int:
    """Run one command; each thing that a person can fix is a line on stderr, and the exit status 1."""
    while (free := os.open(os.devnull, os.O_RDWR)) < 3:  # one that was closed; what we start would put a file there
        os.set_inheritable(free, True)
    os.close(free)
    arguments = _parser().parse_args()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # not every terminal knows every letter
    try:
        try:
            arguments.command(arguments)
        finally:
            if sys.stdout:
                sys.stdout.flush()  # what was said before an error too: nothing is flushed at our end
    except PublishingError as error:
        print("\n".join(f"error: {line}" for line in str(error).splitlines()), file=sys.stderr)
        return 1
    except BrokenPipeError:  # who reads what is said, as `head` does, has enough
        return 1
    except OSError as error:
        if error.errno not in REMEDIES:
            raise
        said = ": ".join(f"{one}" for one in (error.strerror, error.filename) if one)
        print(f"error: {said:.200}; {REMEDIES[error.errno]}", file=sys.stderr)
        return 1
    except UnicodeDecodeError as error:
        if (name := _file_of(error)) is None:
            raise
        print(f"error: {name}: byte {error.start + 1} is no UTF-8; save the file as UTF-8", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    return 0


def _file_of(error: UnicodeDecodeError) -> str | None:
    """The name of the person's file that could not be read as text, which Python does not tell."""
    from publishing import paths
    from publishing.files import below
    from publishing.serve.watch import folders

    for path in (*paths.ROOT.glob("*.*"), *(path for folder in folders() for path in below(folder))):
        if path.is_file() and path.read_bytes() == error.object:
            return paths.relative(path)
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m publishing", description="From notebooks to the site.")
    commands = parser.add_subparsers(required=True, metavar="command")

    notebooks = commands.add_parser("notebooks", help="execute and render the notebooks")
    notebooks.add_argument("--only", metavar="05", help="take one notebook, by number or name")
    notebooks.add_argument("--force", action="store_true", help="run it even if nothing changed")
    notebooks.set_defaults(command=_notebooks)

    site = commands.add_parser("site", help="update the whole site")
    site.add_argument("--drafts", action="store_true", help="with posts that say `published: false`")
    site.add_argument("--progress", type=int, metavar="FD", help="an open file that hears what is being done")
    site.add_argument("--standby", action="store_true", help="be ready, and begin at a line on standard input")
    site.set_defaults(command=_site)

    serve = commands.add_parser("serve", help="show the site and rebuild what an edit touches")
    serve.add_argument("--port", type=int, default=4000)
    serve.set_defaults(command=_serve)

    check = commands.add_parser("check", help="update the site, and lint the notebooks, the posts, and what was built")
    check.add_argument("--sources", action="store_true", help="build nothing, and look at nothing that was built")
    check.set_defaults(command=_check)

    new = commands.add_parser("new", help="begin the notes on another paper, or a study of one")
    new.add_argument("paper", help="its name in folders and addresses, as in ddim")
    new.add_argument("title", help="the title of the paper, or of the study")
    new.add_argument("--study", metavar="which-variance", help="the study's name in its address")
    new.set_defaults(command=_new)

    bring = commands.add_parser("import", help="bring a notebook from elsewhere into a paper")
    bring.add_argument("file", help="the notebook: .ipynb, .md, .qmd or .py")
    bring.add_argument("place", help="what it becomes, as in ddim/05-key-equations or ddim/studies/which-variance")
    bring.set_defaults(command=_import)

    embed = commands.add_parser("embed", help="put the published notes into another Jekyll site")
    embed.add_argument("blog", help="its folder")
    embed.add_argument("--undo", action="store_true", help="take them out")
    embed.add_argument("--dry", action="store_true", help="only say what would be put there")
    embed.add_argument("--no-instruments", action="store_true", help="without what figures need to be tried out")
    embed.set_defaults(command=_embed)
    return parser


def _notebooks(arguments: argparse.Namespace) -> None:
    from publishing.build import build_notebooks

    build_notebooks(arguments.only, arguments.force)


def _site(arguments: argparse.Namespace) -> None:
    from publishing import progress
    from publishing.build import build_site, warm_up

    gc.disable()  # a build is over before its cycles fill any memory, and looking for them takes a seventh of it
    if arguments.standby:
        for _ in warm_up():
            if select([sys.stdin], [], [], 0)[0]:
                break
        if not sys.stdin.readline():
            return
    progress.listener = arguments.progress
    build_site(arguments.drafts)
    if not arguments.drafts:
        print("to look at it: make serve")


def _serve(arguments: argparse.Namespace) -> None:
    from publishing.build import index_site
    from publishing.serve.watch import serve

    serve(arguments.port, index_site)


def _check(arguments: argparse.Namespace) -> None:
    from publishing.build import build_site
    from publishing.checks.lint import check_all

    if arguments.sources:
        check_all(sources_alone=True)
    else:
        build_site(then=check_all)


def _new(arguments: argparse.Namespace) -> None:
    from publishing.blog import new

    if arguments.study is None:
        new.new(arguments.paper, arguments.title)
    else:
        new.new_study(arguments.paper, arguments.study, arguments.title)


def _import(arguments: argparse.Namespace) -> None:
    from publishing.blog.bring_in import bring_in

    bring_in(arguments.file, arguments.place)


def _embed(arguments: argparse.Namespace) -> None:
    from publishing.blog import embed
    from publishing.build import build_site

    if arguments.undo:
        embed.undo(arguments.blog)
    else:
        embed.check(arguments.blog)
        build_site(then=lambda: embed.embed(arguments.blog, not arguments.no_instruments, arguments.dry))


if __name__ == "__main__":
    os._exit(main())  # what a build holds is large, and to take it apart takes a tenth of a second
