"""What `.ci/run` takes along of a machine's settings, and what it says where no bare Debian can be laid."""

import importlib.util
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / ".ci" / "bare_debian.py"


@pytest.fixture(scope="module")
def ci():
    spec = importlib.util.spec_from_file_location("bare_debian", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pips_settings_become_one_file_in_which_the_environment_wins(ci, tmp_path):
    told = """\
:env:.find-links='/srv/wheels'
:env:.user='0'
global.find-links='/elsewhere'
install.find-links='/also/elsewhere'
global.index-url='https://mirror.example.org/simple'
install.trusted-host='\\na.example.org\\nb.example.org'
"""
    written = tmp_path / "pip.conf"
    written.write_text(ci.pip_conf(ci.settings_of_pip(told)))
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PIP_CONFIG_FILE": str(written)}
    read = subprocess.check_output(["python3", "-m", "pip", "config", "list"], env=environment, text=True)
    assert "find-links='/srv/wheels'" in read and "index-url='https://mirror.example.org/simple'" in read
    assert "trusted-host='\\na.example.org\\nb.example.org'" in read


def test_of_npms_settings_only_the_way_to_the_registry_is_taken(ci):
    told = """\
; "user" config
audit = false
registry = "https://mirror.example.org/"
@mine:registry = "https://mine.example.org/"
https-proxy = "http://proxy.example.org:3128"
; node bin location = /usr/bin/node
"""
    assert ci.npmrc(told).splitlines() == [line for line in told.splitlines() if "example.org" in line]


def test_folders_that_settings_name_are_found_and_an_indexs_files_with_it(ci, tmp_path):
    (tmp_path / "index" / "simple").mkdir(parents=True)
    (tmp_path / "ca.pem").touch()
    index = f"file://{tmp_path}/index/simple https://pypi.example.org/simple"
    assert ci.named_places([index, f'"{tmp_path}/ca.pem"', "/not/there", "180"]) == [
        tmp_path / "ca.pem",
        tmp_path / "index",
    ]


def test_without_a_bare_debian_a_clone_is_tried_with_an_empty_home_and_says_what_is_missing(
    ci, git_checkout, monkeypatch, capfd
):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert ci.main("bookworm", 'git -C . log -1 --format=%H; echo "$HOME"; ls -A "$HOME"; exit 3') == 3
    said = capfd.readouterr().out
    assert "no bare Debian, for want of root" in said
    home = Path(next(line for line in said.splitlines() if line.startswith("/")))
    assert {"notes", "pip.conf", ".npmrc"} == set(said.splitlines()[-3:])
    assert not home.exists()
