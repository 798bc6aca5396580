"""JupyterLab as `make lab` starts it: heard on this machine alone, and by nobody without its token."""

import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
JUPYTER = ROOT / ".venv-lab/bin/jupyter"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """What a running server says of itself."""
    if not JUPYTER.exists():
        pytest.skip("JupyterLab is not laid here; `make lab` lays it")
    (command,) = re.findall(
        r"^lab:.*\n(?:\t.*\n)*?\t@(?:\S+=\S+ )*\S*jupyter lab(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
    runtime = tmp_path_factory.mktemp("runtime")
    environment = os.environ | {"JUPYTER_RUNTIME_DIR": str(runtime), "JUPYTER_CONFIG_DIR": str(runtime)}
    server = subprocess.Popen(
        [JUPYTER, "lab", *command.split(), "--no-browser", "--port=0"],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not (found := list(runtime.glob("jpserver-*.json"))) and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(0.5)
    yield json.loads(found[0].read_text()) | {"process": server.pid}
    server.terminate()
    server.wait(30)


def status(url: str) -> int:
    try:
        return urllib.request.urlopen(url, timeout=10).status
    except urllib.error.HTTPError as refused:
        return refused.code


def test_it_listens_on_the_loopback_address_alone(lab):
    links = [str(path.readlink()) for path in Path(f"/proc/{lab['process']}/fd").iterdir()]
    sockets = {link[8:-1] for link in links if link.startswith("socket:")}
    listening = [
        fields[1].rsplit(":", 1)[0]
        for table in ("tcp", "tcp6")
        for fields in (line.split() for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:])
        if fields[3] == "0A" and fields[9] in sockets
    ]
    loopback = {"0100007F", "0" * 24 + "01000000"}
    assert listening and set(listening) <= loopback


def test_it_answers_nobody_without_the_token(lab):
    assert len(lab["token"]) >= 32
    address = f"{lab['url']}api/contents"
    assert status(address) == 403
    assert status(f"{address}?token=wrong") == 403
    assert status(f"{address}?token={lab['token']}") == 200
