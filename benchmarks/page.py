"""`python -m benchmarks.page`: the built post in Lighthouse, as a slow phone sees it; the median of five runs.

The site is served from the loopback address as a web server would, over HTTP/1.1 and compressed. Lighthouse slows the
processor down four times and models the line (its mobile preset).
"""

import argparse
import gzip
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from publishing.programs import node
from publishing.serve.watch import LocalServer

ROOT = Path(__file__).parent.parent
SITE = ROOT / "_site"
LIGHTHOUSE = ROOT / "vendor" / "lighthouse" / "node_modules" / "lighthouse"
CHROMIUM = Path("/usr/bin/chromium")
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
FIGURES = {
    "total-blocking-time": ("blocking time", "ms"),
    "cumulative-layout-shift": ("layout shift", ""),
    "first-contentful-paint": ("first contentful paint", "ms"),
    "largest-contentful-paint": ("largest contentful paint", "ms"),
    "speed-index": ("speed index", "ms"),
    "total-byte-weight": ("first view, compressed", "bytes"),
}


class Compressed(SimpleHTTPRequestHandler):
    """Files as a host of static pages sends them: text compressed, connections kept, everything cached for a while."""

    protocol_version = "HTTP/1.1"
    compressible = (".css", ".html", ".js", ".json", ".svg", ".txt", ".xml")

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if path.suffix not in self.compressible or not path.is_file():
            super().do_GET()
            return
        body = _gzipped(path)
        self.send_response(200)
        self.send_header("Content-Type", f"{self.guess_type(path)}; charset=utf-8")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "max-age=600")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        pass


@cache
def _gzipped(path: Path) -> bytes:
    return gzip.compress(path.read_bytes(), compresslevel=9, mtime=0)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description="The built post in Lighthouse.")
    parser.add_argument("--path", default="/ddpm/", help="the page to measure")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--out", type=Path, help="folder to keep the reports in")
    arguments = parser.parse_args()
    page = SITE / arguments.path.strip("/") / "index.html"
    if not page.is_file():
        sys.exit(f"benchmarks.page: there is no {page.relative_to(ROOT)}; run `make` first")
    address = urlsplit(os.environ.get("BASEURL", ""))  # the site was built for it, and says so in its canonical links
    with LocalServer(("127.0.0.1", address.port or 0), partial(Compressed, directory=str(SITE))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}{arguments.path}"
        reports = [report(url) for _ in range(arguments.runs)]
        server.shutdown()
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        for number, one in enumerate(reports, 1):
            (arguments.out / f"{number}.json").write_text(json.dumps(one))
    print(summary(reports, page.read_text(encoding="utf-8")))


def report(url: str) -> dict:
    """One run of Lighthouse, in a Chromium of its own."""
    command = [node(), LIGHTHOUSE / "cli" / "index.js", url, "--quiet", "--output=json"]
    flags = "--headless=new --disable-gpu" + (" --no-sandbox" if os.geteuid() == 0 else "")
    chromium = {"CHROME_PATH": str(CHROMIUM)} if CHROMIUM.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        command += [f"--output-path={out}", f"--chrome-flags={flags}"]
        done = subprocess.run(command, env=os.environ | chromium, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"benchmarks.page: Lighthouse failed: {done.stderr.strip().splitlines()[-1]}")
        return json.loads(out.read_text())


def summary(reports: list[dict], html: str) -> str:
    """Medians and ranges, and what the page holds."""
    audits = [one["audits"] for one in reports]
    rows = [(name, "", [100 * one["categories"][name]["score"] for one in reports]) for name in CATEGORIES]
    rows += [(words, unit, [one[name]["numericValue"] for one in audits]) for name, (words, unit) in FIGURES.items()]
    lines = [_line(*row) for row in rows]
    formulas = len(re.findall(r'class="math (?:inline|display)[" ]', html))
    about = reports[0]
    lines += [
        f"{'formulas on the page':<26}{formulas:>12,}",
        f"{'elements on the page':<26}{len(re.findall(r'<[a-zA-Z]', html)):>12,}",
        f"Lighthouse {about['lighthouseVersion']}, {about['environment']['hostUserAgent'].split()[-2]}, "
        f"median and range of {len(reports)}, on {platform.machine()} with {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f}, speed index of the machine {about['environment']['benchmarkIndex']:.0f}",
    ]
    failed = {
        f"{audit['id']}: {audit['title']}"
        for one in reports
        for name in CATEGORIES[1:]
        for reference in one["categories"][name]["auditRefs"]
        if (audit := one["audits"][reference["id"]])["score"] is not None and audit["score"] < 1 and reference["weight"]
    }
    return "\n".join(lines + sorted(failed))


def _line(words: str, unit: str, values: list[float]) -> str:
    places = 3 if words == "layout shift" else 0
    low, middle, high = (f"{value:,.{places}f}" for value in (min(values), statistics.median(values), max(values)))
    return f"{words:<26}{middle:>12} {unit:<6}{low} to {high}"


if __name__ == "__main__":
    main()
