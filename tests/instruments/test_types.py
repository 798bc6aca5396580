"""The instruments are typed by JSDoc, and the types hold."""

import subprocess

from publishing import paths


def check(folder) -> subprocess.CompletedProcess:
    compiler = paths.ROOT / "node_modules/typescript/bin/tsc"
    return subprocess.run(["node", compiler, "--project", folder], capture_output=True, text=True)


def test_the_types_hold():
    done = check(paths.ROOT)
    assert done.returncode == 0, done.stdout


def test_a_wrong_type_is_noticed(tmp_path):
    """By the same settings, so that the test above cannot pass on nothing."""
    settings = (paths.ROOT / "tsconfig.json").read_text().replace("assets/js", ".")
    (tmp_path / "tsconfig.json").write_text(settings)
    (tmp_path / "wrong.js").write_text("/** @param {number} t */\nexport const f = (t) => t;\nf('1');\n")
    assert "wrong.js(3,3)" in check(tmp_path).stdout
