"""Runs a command on a clone of this commit in a bare Debian: git, make and python3, and nothing else of this machine.

    python3 .ci/bare_debian.py [bookworm|trixie] 'make && make test'

Where a bare Debian cannot be laid (it takes root and debootstrap), the command runs on this machine with an empty home
and without its data sets, and what was missing is said. This machine's settings for pip, npm and apt are taken along,
since its way to the package registries may lead through a mirror; a folder of packages that they name is mounted.
"""

from __future__ import annotations

import ast
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGES = ("git", "make", "python3", "ca-certificates")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DATA_SETS = Path("/usr/share/datasets")
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
TAKEN_ALONG = re.compile(
    r"PIP_(?!CACHE_DIR)\w+|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|(https?|no)_proxy", re.IGNORECASE
)
OF_NPM = re.compile(r"(@[\w-]+:)?registry|cafile|(https?-)?proxy|noproxy|strict-ssl|//.*")


class NotHere(Exception):
    """Why no bare Debian can be laid on this machine."""


def asked(*command: object) -> str:
    """What a command prints; nothing if it is missing or fails."""
    try:
        return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


def settings_of_pip(told: str) -> dict[str, str]:
    """`pip config list` as one section [global]: the environment wins, then what is said for installing."""
    lines = [line.partition("=") for line in told.splitlines() if "=" in line]
    lines.sort(key=lambda line: (line[0].startswith(":env:"), line[0].startswith("install.")))
    values = {name.rpartition(".")[2]: ast.literal_eval(value) for name, _, value in lines}
    return {name: value for name, value in values.items() if value and name != "cache-dir"}


def pip_conf(settings: dict[str, str]) -> str:
    """The same as a file; a value of several lines is indented."""
    return "[global]\n" + "".join(
        f"{name} = {value}\n".replace("\n", "\n    ", value.count("\n")) for name, value in settings.items()
    )


def npmrc(told: str) -> str:
    """The lines of `npm config ls` that say how the registry is reached."""
    return "".join(f"{line}\n" for line in told.splitlines() if OF_NPM.fullmatch(line.partition(" =")[0]))


def named_places(values: list[str]) -> list[Path]:
    """Files and folders of this machine that settings name; beside an index `…/simple` lie its files."""
    words = [word.removeprefix("file://").strip('"') for value in values for word in value.split()]
    found = {Path(word) for word in words if word.startswith("/") and Path(word).exists()}
    return sorted({path.parent if path.name == "simple" else path for path in found})


def mirror() -> list[str]:
    """Where this machine's apt finds Debian, as debootstrap's argument; none, for debootstrap's own, elsewhere."""
    if not re.search(r"^ID=debian$", Path("/etc/os-release").read_text(), re.MULTILINE):
        return []
    sources = [path.read_text() for path in apt_files("sources.list*") if path.suffix in (".list", ".sources")]
    found = re.findall(r"^(?:URIs: *|deb +(?:\[[^]]*\] +)?)(\S*debian/?)(?:\s|$)", "\n".join(sources), re.MULTILINE)
    return found[:1]


def apt_files(pattern: str) -> list[Path]:
    """The files below apt's settings of this name."""
    found = [
        path for place in Path("/etc/apt").glob(pattern) for path in ([place] if place.is_file() else place.iterdir())
    ]
    return sorted(found)


def lay(folder: Path, suite: str) -> None:
    """A bare Debian in the folder. Raises NotHere where this machine does not let us."""
    if os.geteuid() != 0:
        raise NotHere("root")
    if not asked("unshare", "--mount", "--pid", "--fork", "--mount-proc", "echo", "yes"):
        raise NotHere("the right to mount")
    if shutil.which("debootstrap") is None and shutil.which("apt-get"):
        asked("apt-get", "update", "-q")
        asked("apt-get", "install", "-qy", "--no-install-recommends", "debootstrap")
    if shutil.which("debootstrap") is None:
        raise NotHere("debootstrap")
    need("debootstrap's consent", "debootstrap", "--variant=minbase", suite, folder, *mirror())
    for path in apt_files("apt.conf*"):
        copy_into(folder, path)
    copy_into(folder, Path("/etc/resolv.conf"))
    hosts = f"127.0.0.1 localhost {platform.node()}\n"
    (folder / "etc/hosts").write_text(hosts)  # which Debian's installer writes, not debootstrap
    inside = ["chroot", folder, "env", "-i", f"PATH={PATH}", "DEBIAN_FRONTEND=noninteractive"]
    for arguments in (["update", "-q"], ["install", "-qy", "--no-install-recommends", *PACKAGES]):
        need(f"what apt-get {arguments[0]} should bring", *inside, "apt-get", *arguments)
    copy_into(folder, Path(CERTIFICATES))


def need(what: str, *command: object) -> None:
    """Run a command. Raises NotHere, with the last line that it printed, where it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise NotHere(f"{what} ({(done.stdout.strip().splitlines() or ['no reason given'])[-1]})")


def copy_into(folder: Path, path: Path) -> None:
    """A file of this machine, at the same place in the folder."""
    target = folder / path.relative_to("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file():
        shutil.copyfile(path, target)


def run_inside(folder: Path, command: str, places: list[Path], environment: dict[str, str]) -> int:
    """Run a command in the bare Debian; all that is mounted for it goes with it."""
    mounts = ["mount --make-rprivate /", f"mount --bind {folder} {folder}"]  # a root, which a test may unshare again
    mounts += [f"mount -t proc proc {folder}/proc", f"mount --rbind /dev {folder}/dev"]
    mounts.append(f"mount -t sysfs sysfs {folder}/sys || true")
    for path in places:
        if path.is_file():
            copy_into(folder, path)
            continue
        target = folder / path.relative_to("/")
        target.mkdir(parents=True, exist_ok=True)
        if any(target.iterdir()):
            continue
        mounts.append(f"mount --bind {shlex.quote(str(path))} {shlex.quote(str(target))}")
    values = [f"{name}={value}" for name, value in environment.items()]
    enter = shlex.join(["chroot", str(folder), "env", "-i", *values, "bash", "-c", f"cd ~/notes && {command}"])
    script = "; ".join(["set -e", *mounts, f"exec {enter}"])
    return subprocess.run(["unshare", "--mount", "--pid", "--fork", "--mount-proc", "bash", "-c", script]).returncode


def clone(folder: Path) -> None:
    """This commit, also where the checkout belongs to somebody else, which git would refuse."""
    settings = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    subprocess.run(["git", "clone", "-q", f"file://{REPOSITORY}", folder], env=os.environ | settings, check=True)


def without_data_sets(command: str) -> str:
    """The command where /usr/share/datasets is empty, if this machine has one and lets us hide it."""
    if not DATA_SETS.is_dir():
        return command
    again = f"exec unshare --user --map-user={os.getuid()} --map-group={os.getgid()} " if os.geteuid() else ""
    hidden = f"mount -t tmpfs none {DATA_SETS} && {again}bash -c {shlex.quote(command)}"
    unshare = ["unshare", *(["--user", "--map-root-user"] if os.geteuid() else []), "--mount"]
    if not asked(*unshare, "echo", "yes"):
        print(f"ci: {DATA_SETS} cannot be hidden here; the tests may use it", flush=True)
        return command
    return shlex.join([*unshare, "bash", "-c", hidden])


def main(suite: str, command: str) -> int:
    """Clone this commit, run the command on it, and leave nothing behind."""
    pip = settings_of_pip(asked(sys.executable, "-m", "pip", "config", "list"))
    npm = npmrc(asked("npm", "config", "ls"))
    along = {name: value for name, value in os.environ.items() if TAKEN_ALONG.fullmatch(name)}
    with tempfile.TemporaryDirectory(prefix="bare-debian-") as temporary:
        folder = Path(temporary).resolve()
        clone(Path(temporary, "clone"))
        try:
            print(f"ci: laying a bare Debian ({suite})", flush=True)
            lay(folder / suite, suite)
            home, inside = folder / suite / "root", Path("/root")
        except NotHere as missing:
            command = without_data_sets(command)
            print(f"ci: no bare Debian, for want of {missing}; on this machine, with an empty home", flush=True)
            home = inside = folder / "home"
            home.mkdir()
        Path(temporary, "clone").rename(home / "notes")
        (home / "pip.conf").write_text(pip_conf(pip))
        (home / ".npmrc").write_text(npm)
        environment = along | {
            "HOME": str(inside),
            "PIP_CONFIG_FILE": str(inside / "pip.conf"),
            "TERM": "dumb",
            "CI": "true",
        }
        if home == inside:
            empty = {"PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(home / ".cache")}
            return subprocess.run(command, shell=True, cwd=home / "notes", env=environment | empty).returncode
        return run_inside(
            folder / suite, command, named_places([*pip.values(), npm, *along.values()]), environment | {"PATH": PATH}
        )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
