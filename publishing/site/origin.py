"""When these notes were last changed, and where they are kept: from git if it is there and answers."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path

from publishing import git, posts
from publishing.errors import PublishingError

COMMIT = Path(__file__).with_name("commit.txt")  # `git archive` writes the commit's time into it
_GITHUB = re.compile(
    r"(?:(?:https?|(?:git\+)?ssh|git)://(?:[^/@]*@)?(?:www\.|ssh\.)?github\.com(?::\d+)?/|(?:[^/@:]+@)?github\.com:/?)"
    r"([\w-]+/[\w.-]+?)(?:\.git)?/?",
    re.ASCII | re.IGNORECASE,
)


def time() -> str:
    """SOURCE_DATE_EPOCH, else the time of the last commit, else the day of the newest published post."""
    if epoch := os.environ.get("SOURCE_DATE_EPOCH"):
        try:
            return datetime.fromtimestamp(int(epoch), UTC).isoformat()
        except (ValueError, OverflowError, OSError):
            raise PublishingError(
                f"SOURCE_DATE_EPOCH is a number of seconds since 1970, got {epoch!r}; correct or unset it"
            ) from None
    archived = COMMIT.read_text(encoding="utf-8").strip()
    committed = git.said("log", "-1", "--no-show-signature", "--format=%cI")
    if commit := committed or ("" if archived.startswith("$") else archived):
        return commit
    days = [post.date for post in posts.every() if post.date and not post.is_draft]
    return f"{max(days, default='2000-01-01')}T00:00:00+00:00"


def repository() -> str | None:
    """`owner/name` on GitHub: that of git's remote, or the one whose workflow runs; None if it is not there."""
    told = git.said("config", "--get-regexp", r"^remote\..*\.url$").splitlines()
    remotes = sorted(told, key=lambda line: not line.startswith("remote.origin."))
    addresses = [*(line.partition(" ")[2] for line in remotes), git.said("ls-remote", "--get-url")]  # given, reached
    remote = next(filter(None, map(_at, addresses)), None)
    return remote or named(os.environ.get("GITHUB_REPOSITORY", ""))


def named(said: str) -> str | None:
    """`owner/name`, be it said like this or as an address on GitHub; None for anything else."""
    return said.removesuffix(".git") if re.fullmatch(r"[\w-]+/[\w.-]+", said, re.ASCII) else _at(said)


def _at(address: str) -> str | None:
    found = _GITHUB.fullmatch(address)
    return found[1] if found else None
