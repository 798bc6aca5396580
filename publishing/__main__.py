"""`python -m publishing notebooks | site | serve | check`: what the Makefile calls."""

import argparse
import errno
import sys

from publishing.errors import PublishingError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def main() -> int:
    """Run one command; what a person can mend is one line on stderr and exit status 1."""
    arguments = _parser().parse_args()
    try:
        arguments.command(arguments)
    except PublishingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        print(f"error: {error.strerror}: make room on the disk, and run it again", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m publishing", description="From notebooks to the site.")
    commands = parser.add_subparsers(required=True, metavar="command")

    notebooks = commands.add_parser("notebooks", help="execute and render the notebooks")
    notebooks.add_argument("--only", metavar="05", help="take one section, by number or name")
    notebooks.add_argument("--force", action="store_true", help="run it even if nothing changed")
    notebooks.set_defaults(command=_notebooks)

    site = commands.add_parser("site", help="bring the whole site up to date")
    site.set_defaults(command=_site)

    serve = commands.add_parser("serve", help="show the site and rebuild what an edit touches")
    serve.add_argument("--port", type=int, default=4000)
    serve.set_defaults(command=_serve)

    check = commands.add_parser("check", help="lint the notebooks")
    check.set_defaults(command=_check)
    return parser


def _notebooks(arguments: argparse.Namespace) -> None:
    from publishing.build import build_notebooks

    build_notebooks(arguments.only, arguments.force)


def _site(_: argparse.Namespace) -> None:
    from publishing.build import build_site

    build_site()


def _serve(arguments: argparse.Namespace) -> None:
    from publishing.serve import serve

    serve(arguments.port)


def _check(_: argparse.Namespace) -> None:
    from publishing.lints import check_all

    check_all()


if __name__ == "__main__":
    sys.exit(main())
