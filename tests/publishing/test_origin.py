"""When the notes were changed last, and where they are kept."""

import os
import shutil
import subprocess

import pytest

from publishing import paths
from publishing.errors import PublishingError
from publishing.site import origin

POST = "---\ntitle: x\npublished: {}\n---\n"


def git(repository, *arguments: str) -> None:
    if shutil.which("git") is None:
        pytest.skip("there is no git here")
    who = {f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    when = {f"GIT_{who}_DATE": "2026-03-04T05:06:07+01:00" for who in ("AUTHOR", "COMMITTER")}
    subprocess.run(["git", *arguments], cwd=repository.root, env=os.environ | who | when, check=True)


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for name in ("SOURCE_DATE_EPOCH", "GITHUB_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def dated(repository):
    repository.write("_posts/2025-01-02-a.md", POST.format("true"))
    repository.write("_posts/2027-01-02-b.md", POST.format("false"))
    return repository


@pytest.fixture
def committed(dated):
    git(dated, "init", "-q")
    git(dated, "commit", "-q", "--allow-empty", "-m", "first")
    return dated


def test_the_time_is_that_of_the_last_commit(committed):
    assert origin.time() == "2026-03-04T05:06:07+01:00"


SIGNER = """#!/bin/sh
cat > /dev/null  # git takes one that ends without reading for a failure
echo '[GNUPG:] SIG_CREATED ' >&2
echo '-----BEGIN PGP SIGNATURE-----'
echo '-----END PGP SIGNATURE-----'
"""


def test_a_git_that_shows_signatures_says_the_time_alone(dated):
    signer = dated.write("signer", SIGNER)
    signer.chmod(0o700)
    git(dated, "init", "-q")
    for name, value in {"log.showSignature": "true", "gpg.program": f"{signer}"}.items():
        git(dated, "config", name, value)
    git(dated, "commit", "-q", "--allow-empty", "--gpg-sign", "-m", "first")
    assert origin.time() == "2026-03-04T05:06:07+01:00"


def test_the_time_may_be_given_and_is_said_to_be_wrong_if_it_is(committed, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    assert origin.time() == "2027-01-15T08:00:00+00:00"
    for wrong in ("yesterday", "1e9", "9" * 30):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", wrong)
        with pytest.raises(
            PublishingError, match=f"^SOURCE_DATE_EPOCH is a number of seconds since 1970, got '{wrong}'"
        ):
            origin.time()


def test_without_a_commit_it_is_the_day_of_the_newest_published_post(dated):
    assert origin.time() == "2025-01-02T00:00:00+00:00"
    git(dated, "init", "-q")
    assert origin.time() == "2025-01-02T00:00:00+00:00"


def test_without_a_post_it_is_always_the_same(repository):
    assert origin.time() == "2000-01-01T00:00:00+00:00"


def test_a_repository_around_this_one_has_no_say(committed, monkeypatch):
    (committed.root / "inner").mkdir()
    monkeypatch.setattr(paths, "ROOT", committed.root / "inner")
    assert origin.time() == "2025-01-02T00:00:00+00:00"


@pytest.mark.parametrize("refusal", ["not installed", "owned by another", "not executable"])
def test_a_git_that_is_not_there_or_refuses_is_no_error(committed, monkeypatch, tmp_path_factory, refusal):
    folder = tmp_path_factory.mktemp("bin")
    if refusal == "owned by another":
        (folder / "git").symlink_to(shutil.which("git"))
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    elif refusal == "not executable":
        (folder / "git").write_text("")
    monkeypatch.setenv("PATH", str(folder))
    assert origin.time() == "2025-01-02T00:00:00+00:00"
    assert origin.repository() is None


def test_an_archive_knows_its_commit(committed, monkeypatch, tmp_path):
    shutil.copy(origin.COMMIT, committed.root)
    committed.write(".gitattributes", f"{origin.COMMIT.name} export-subst\n")
    git(committed, "add", ".")
    git(committed, "commit", "-q", "-m", "second")
    archive = subprocess.run(["git", "archive", "HEAD", origin.COMMIT.name], cwd=committed.root, capture_output=True)
    (tmp_path / "archive").mkdir()
    subprocess.run(["tar", "x", "-C", tmp_path / "archive"], input=archive.stdout, check=True)
    shutil.rmtree(committed.root / ".git")
    monkeypatch.setattr(origin, "COMMIT", tmp_path / "archive" / origin.COMMIT.name)
    assert origin.time() == "2026-03-04T05:06:07+01:00"


def test_git_writes_into_the_archive_of_this_repository():
    attributes = (paths.ROOT / ".gitattributes").read_text().splitlines()
    assert f"{paths.relative(origin.COMMIT)} export-subst" in attributes


REMOTES = {
    "https://github.com/owner/some.name.git": "owner/some.name",
    "https://github.com/owner/name": "owner/name",
    "https://github.com/owner/name/": "owner/name",
    "https://www.GitHub.com/owner/name": "owner/name",
    "https://user:secret@github.com/owner/name.git": "owner/name",
    "http://github.com/owner/name.git": "owner/name",
    "git://github.com/owner/name.git": "owner/name",
    "ssh://git@github.com/owner/name.git": "owner/name",
    "ssh://git@github.com:22/owner/name": "owner/name",
    "ssh://git@ssh.github.com:443/owner/name.git": "owner/name",
    "git@github.com:owner/na-me_1.git": "owner/na-me_1",
    "github.com:owner/name": "owner/name",
    "git@github.com:/owner/name.git": "owner/name",
    "https://gitlab.com/owner/name.git": None,
    "https://github.com.example.org/owner/name.git": None,
    "https://example.org/github.com/owner/name": None,
    "git@example.org:owner/name.git": None,
    "git@notgithub.com:owner/name.git": None,
    "https://github.com/owner": None,
    "https://github.com/owner/name/tree/main": None,
    "../elsewhere": None,
    "/srv/github.com:owner/name": None,
}


def test_the_repository_is_that_of_the_remote_if_it_is_on_github(repository):
    git(repository, "init", "-q")
    for remote, name in REMOTES.items():
        git(repository, "config", "remote.origin.url", remote)
        assert origin.repository() == name, remote


def test_a_mirror_that_git_goes_through_hides_no_remote_and_origin_comes_first(repository):
    git(repository, "init", "-q")
    git(repository, "config", "url.https://mirror.example.org/.insteadOf", "https://github.com/")
    git(repository, "remote", "add", "fork", "https://github.com/other/name")
    git(repository, "remote", "add", "origin", "https://github.com/owner/name")
    assert origin.repository() == "owner/name"


def test_a_short_name_for_github_is_known(repository):
    git(repository, "init", "-q")
    git(repository, "config", "url.git@github.com:.insteadOf", "gh:")
    git(repository, "remote", "add", "origin", "gh:owner/name")
    assert origin.repository() == "owner/name"


def test_inside_a_hook_of_another_repository_this_one_is_meant(committed, monkeypatch, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    subprocess.run(["git", "init", "-q", other], check=True)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert origin.time() == "2026-03-04T05:06:07+01:00"


def test_a_remote_of_another_name_counts_if_it_is_the_only_one(repository):
    git(repository, "init", "-q")
    assert origin.repository() is None
    git(repository, "remote", "add", "upstream", "git@github.com:owner/name.git")
    assert origin.repository() == "owner/name"


def test_without_a_remote_it_is_the_repository_whose_workflow_runs(repository, monkeypatch):
    monkeypatch.setenv("GITHUB_REPOSITORY", "owner/name")
    assert origin.repository() == "owner/name"
    monkeypatch.setenv("GITHUB_REPOSITORY", '"><script>')
    assert origin.repository() is None
