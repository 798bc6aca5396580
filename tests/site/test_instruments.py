"""The figures that can be tried out: pictures at first, then what they promise, under the policy of the page."""

import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import product

import psutil
import pytest
import torch
from playwright.sync_api import Locator, Page, Route

from ddpm_notes import sampling
from ddpm_notes.checkpoints import load_checkpoint
from ddpm_notes.schedule import constant_schedule, linear_schedule, quadratic_schedule, strided
from publishing import paths

from ..conftest import eventually
from .conftest import Visit, stop_clock, take_picture, violations

OF_POST = {"gaussian-mixture": "gaussian-mixture", "progressive-clothes": "reverse-process"}
FIGURES = OF_POST | {"where-the-bits-go--forward-process": "forward-process"}
INSTRUMENTS = tuple(OF_POST.values())
POLICY = re.search(r"<meta [^>]*Content-Security-Policy[^>]*>", (paths.ROOT / "_layouts/default.html").read_text())[0]
CHECKPOINTS = paths.ROOT / "experiments/checkpoints"

MANY = 61  # noises, which all have to reach the page; no two of 20 steps have the same
PIXELS = """canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]
    .filter((_, i) => i % 4 === 0)"""
NETWORK = """
    const part = name => import(`/assets/js/instruments/parts/${name}.js`);
    const [{loadNetwork}, {chain}, {strided}] = await Promise.all(['network', 'chain', 'schedule'].map(part));
    const data = file => `/assets/data/ddpm-progressive-clothes-${file}`;
    const checkpoint = `${name}.safetensors`;
    const source = {graph: data(`${name}.onnx`), checkpoint: data(checkpoint), name: checkpoint, shape};
    const network = await loadNetwork(source, () => {});"""
CHAIN = (
    f"async ({{name, shape, steps, kind, clip, noise, many}}) => {{{NETWORK}"
    + """
    const noises = new Float32Array(await (await fetch(noise)).arrayBuffer());
    const size = shape.reduce((a, b) => a * b) * 2;
    const at = t => noises.slice((t % many) * size, (t % many + 1) * size);
    const walk = chain({model: network.eps, ...strided(network.schedule, steps), x: at(0), kind, clip, noises: at});
    const found = [];
    for await (const step of walk) found.push([step.t, [...step.x]]);
    network.close();
    return found;
}"""
)
CLOSED = (
    f"async ({{name, shape}}) => {{{NETWORK}"
    + """
    const x = new Float32Array(shape.reduce((a, b) => a * b));
    const asked = network.eps(x, 1);
    network.close();
    return Promise.all([asked, network.eps(x, 1)].map(one => one.then(() => 'answered', error => error.message)));
}"""
)


@pytest.fixture
def open_figures(fresh: Callable[..., Visit]) -> Callable[..., Visit]:
    """The same figures, alone on a page that opens at once."""

    def show(base: str = "", before: Callable = lambda page: None, **options) -> Visit:
        def served(page: Page) -> None:
            before(page)
            page.route(f"**{base}/figures", lambda route: route.fulfill(content_type="text/html", body=alone(base)))

        return fresh(f"{base}/figures", before=served, **options)

    return show


def alone(base: str) -> str:
    figures = (
        f'<figure id="fig-{name}" data-instrument="{instrument}" data-files="{base}/assets/data/ddpm-{name}-">'
        '<img alt=""><figcaption>What it shows.</figcaption><p class="instrument-call"></p></figure>'
        for name, instrument in FIGURES.items()
    )
    script = f'<script type="module" src="{base}/assets/js/instruments/loader.js"></script>'
    title = f"<!DOCTYPE html><html lang=en><head>{POLICY}<title>Elsewhere</title></head>"
    return f"{title}<div class=paper-notes>{''.join(figures)}</div>{script}"


def started(page: Page, instrument: str) -> Locator:
    """The panel of an instrument, brought by its button."""
    figure = page.locator(f'figure[data-instrument="{instrument}"]')
    figure.get_by_role("button", name="Try it").press("Enter")
    figure.get_by_role("button", name="Back to the picture").wait_for()
    return figure.locator(".instrument")


def status(panel: Locator, text: str) -> str:
    """What the panel says, once it says this."""
    panel.get_by_role("status").filter(has_text=text).wait_for()
    return panel.get_by_role("status").inner_text()


def focused(page: Page) -> str:
    """What the keyboard is on."""
    return page.evaluate("document.activeElement.textContent")


def move(panel: Locator, label: str, value: int) -> None:
    """Move a slider as a pointer does."""
    panel.get_by_label(label, exact=True).evaluate(
        "(input, value) => { input.value = value; input.dispatchEvent(new Event('input')); }", str(value)
    )


# --- all of them


def test_a_reader_who_tries_nothing_fetches_one_small_script_and_its_style(fresh, address):
    requests = fresh().requests
    assert [name for name in requests if "/js/instruments/" in name] == [f"{address}/assets/js/instruments/loader.js"]
    assert [name for name in requests if "/assets/data/" in name or "/assets/vendor/" in name] == []
    assert (paths.INSTRUMENTS / "loader.js").stat().st_size < 4096


def test_without_javascript_the_pictures_are_there(fresh):
    page = fresh(java_script_enabled=False).page
    figures = page.locator("figure[data-instrument]")
    assert figures.count() == len(INSTRUMENTS)
    for figure in figures.all():
        assert figure.locator("img").is_visible()
        assert figure.get_by_role("button").count() == 0
        call = figure.locator(".instrument-call")
        assert call.evaluate("one => getComputedStyle(one).display") == "flex"
        assert "sans" in call.evaluate("one => getComputedStyle(one).fontFamily")
    page.emulate_media(media="print")
    assert [figure.locator(".instrument-call").is_visible() for figure in figures.all()] == [False] * len(INSTRUMENTS)


def test_it_comes_at_a_key_takes_the_picture_s_place_and_goes_again(fresh):
    visited = fresh()
    for instrument in INSTRUMENTS:
        figure = visited.page.locator(f'figure[data-instrument="{instrument}"]')
        caption = figure.locator("figcaption").get_attribute("id")
        assert figure.get_by_role("button", name="Try it").get_attribute("aria-describedby") == caption
        panel = started(visited.page, instrument)
        assert panel.get_attribute("aria-labelledby") == caption
        assert panel.is_visible()
        assert figure.locator("img").is_hidden()
        assert figure.locator("figcaption").is_visible()
        assert visited.page.evaluate("document.activeElement.id") == panel.get_attribute("id")
        visited.page.keyboard.press("Tab")
        assert panel.locator(":focus").count() == 1, "the next key does not reach the first control"
        figure.get_by_role("button", name="Back to the picture").press("Enter")
        assert panel.is_hidden()
        assert figure.locator("img").is_visible()
        assert focused(visited.page) == "Try it"
    said = [one for one in visited.complaints if not one.startswith("failed: ")]  # of a file that is asked for its size
    assert said == []


def test_what_does_not_load_is_said_and_can_be_tried_again(open_figures):
    page = open_figures().page
    pattern = "**/*pictures.json"
    page.route(pattern, lambda route: route.fulfill(status=503))
    figure = page.locator('figure[data-instrument="forward-process"]')
    figure.get_by_role("button", name="Try it").click()
    figure.get_by_role("status").filter(has_text="did not load").wait_for()
    assert "503" in figure.get_by_role("status").inner_text()
    assert focused(page) == "Try it"
    page.unroute(pattern)
    assert started(page, "forward-process").is_visible()


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_in_use_they_are_accessible_and_fit_and_are_pictured_for_a_person(fresh, width, scheme):
    page = fresh(viewport={"width": width, "height": 900}, color_scheme=scheme).page
    plane, clothes = (started(page, instrument) for instrument in ("gaussian-mixture", "reverse-process"))
    move(plane, "t", 60)
    sampled(clothes, 5, count="8")
    clothes.get_by_role("button", name="Branch from").click()
    status(clothes, "Done: 8 branches")
    assert violations(page, {"include": [["figure[data-instrument]"]]}) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for name, panel in (("plane", plane), ("clothes", clothes)):
        take_picture(panel.locator(".."), f"instruments/{name}-{width}-{scheme}")


def test_they_work_under_a_base_path(open_figures, address):
    def moved(page: Page) -> None:
        page.route(
            "**/base/**",
            lambda route: route.fulfill(response=route.fetch(url=route.request.url.replace("/base/", "/"))),
        )

    visited = open_figures("/base", before=moved)
    _, panel = (started(visited.page, instrument) for instrument in ("forward-process", "reverse-process"))
    sampled(panel, 5, count="1")
    assert [name for name in visited.requests if not name.startswith(f"{address}/base/")] == []


# --- the forward process


def test_the_forward_process_says_the_package_s_numbers(open_figures):
    panel = started(open_figures().page, "forward-process")
    told = json.loads((paths.DATA / "ddpm-where-the-bits-go--forward-process-pictures.json").read_text())
    schedules = {"constant": constant_schedule(), "linear": linear_schedule(), "quadratic": quadratic_schedule()}
    for (which, side), (name, schedule) in product(((0, 28), (2, 8)), schedules.items()):
        panel.get_by_label("Schedule").select_option(name)
        panel.locator("select").first.select_option(str(which))
        picture = told[which]
        assert panel.locator("canvas").evaluate_all("found => found.map(one => one.width)") == [side] * 3
        assert len(picture["pixels"]) == side**2
        bits = picture["bits"][name]
        for t in (1, 400, 1000):
            move(panel, "t", t)
            signal, noise, snr, left = panel.locator("dd").all_inner_texts()
            assert float(signal) == pytest.approx(schedule.alpha_bar[t].sqrt().item(), abs=1e-4)
            assert float(noise) == pytest.approx((1 - schedule.alpha_bar[t]).sqrt().item(), abs=1e-4)
            assert float(snr) == pytest.approx(schedule.snr[t].item(), rel=0.01)
            assert left == f"{bits[t]:.1f} of {bits[-1]:.1f}"
        most = max(values[-1] for values in picture["bits"].values())
        assert panel.locator(".instrument-axis").all_inner_texts() == [f"0\n{most:.0f}", "0\nt\n1000"]


def test_the_slider_takes_keys_and_goes_from_the_picture_to_noise(open_figures):
    panel = started(open_figures().page, "forward-process")
    xt, x0, noise = (panel.locator("canvas").nth(i) for i in range(3))
    slider = panel.get_by_label("t", exact=True)
    slider.press("Home")
    assert slider.get_attribute("aria-valuetext") == "0 of 1000"
    assert xt.evaluate(PIXELS) == x0.evaluate(PIXELS)
    slider.press("End")
    assert slider.get_attribute("aria-valuetext") == "1000 of 1000"
    off = [abs(a - b) for a, b in zip(xt.evaluate(PIXELS), noise.evaluate(PIXELS), strict=True)]
    assert max(off) <= 3  # of 255: sqrt(alpha_bar_T) is 0.006
    before = xt.evaluate(PIXELS)
    panel.get_by_role("button", name="New noise").click()
    assert xt.evaluate(PIXELS) != before


# --- the reverse process


def noises(shape: list[int]) -> torch.Tensor:
    """(MANY, 2, C, H, W): z at every t modulo their number; at 0 stands x_T."""
    return torch.randn((MANY, 2, *shape), generator=torch.Generator().manual_seed(11))


@pytest.mark.parametrize(
    ("name", "steps", "kind", "clip"),
    [
        ("digits", 1000, "beta", False),
        ("digits", 20, "beta_tilde", True),
        ("fashion", 20, "ddim", False),
    ],
)
def test_the_browser_s_chain_stays_within_a_thousandth_of_pytorch_s(fresh, name, steps, kind, clip):
    """x_t of two pictures at every level, from the same noise."""
    z = noises(network(name)["shape"])
    page = fresh("/").page
    page.route("**/noise", lambda route: route.fulfill(body=z.numpy().tobytes()))
    theirs = page.evaluate(
        CHAIN, {**network(name), "steps": steps, "kind": kind, "clip": clip, "noise": "/noise", "many": MANY}
    )
    ours = chain(name, z, steps, kind, clip)
    assert [t for t, _ in theirs] == list(ours)
    for t, x in theirs:
        off = (torch.tensor(x).view_as(ours[t]) - ours[t]).abs().max().item()
        assert off < 1e-3, f"at t = {t}"


def network(name: str) -> dict:
    """What the page is told of a network."""
    told = json.loads((paths.DATA / "ddpm-progressive-clothes-models.json").read_text())
    return next(one for one in told if one["name"] == name)


def chain(name: str, z: torch.Tensor, steps: int, kind: str, clip: bool) -> dict[int, torch.Tensor]:
    """The same chain by the package: x_t by t."""
    checkpoint = load_checkpoint(CHECKPOINTS / f"{name}.safetensors")
    model, short = checkpoint.model, strided(checkpoint.schedule, steps)
    levels = short.levels.tolist()
    if kind == "ddim":
        seen = {}

        def watched(xt, t):
            seen[int(t[0])] = xt
            return model(xt, t)

        seen[0] = sampling.ddim(watched, z[0], short, clip_x0=clip)
        return seen
    walk = sampling.sample_steps(model, z[0], short, variance=kind, clip_x0=clip, noises=lambda i: z[levels[i] % MANY])
    return {levels[step.t]: step.x for step in walk}


@pytest.fixture
def panel(open_figures: Callable[..., Visit]) -> Locator:
    """The reverse process, begun."""
    return started(open_figures().page, "reverse-process")


def sampled(
    panel: Locator, seed: int, *, network: str = "digits", count: str = "4", steps: str = "20"
) -> list[list[int]]:
    """The finished samples of a seed, as grey values."""
    panel.get_by_label("Network").select_option(network)
    panel.get_by_label("Seed", exact=True).fill(str(seed))
    panel.get_by_label("Pictures").select_option(count)
    panel.get_by_label("Steps").select_option(steps)
    panel.get_by_role("button", name="Sample", exact=True).click()
    status(panel, "Done")
    return pictures(panel)


def pictures(panel: Locator, board: int = 0) -> list[list[int]]:
    """x_t of all pictures of a board; below each of them is x0_hat."""
    canvases = panel.locator(".instrument-board").nth(board).locator("canvas").all()
    return [canvas.evaluate(PIXELS) for canvas in canvases[::2]]


def assert_shows_the_stored_chains(panel: Locator) -> None:
    """From noise to clothes, at once; there is nothing yet to choose from."""
    ends = pictures(panel)
    assert len(ends) == 3
    assert max(one[i] for one in ends for i in (0, 27)) < 64, "clothes stand on black"
    assert [one.is_disabled() for one in panel.locator(".instrument-board button").all()] == [True] * 3
    batch = panel.locator(".instrument-batch").first
    move(batch, "look back to t", 0)
    assert batch.get_by_label("look back to t").get_attribute("aria-valuetext") == "t = 1000"
    assert min(max(one[:28]) for one in pictures(panel)) > 200, "noise is white in places"


def test_before_anything_is_loaded_stored_chains_are_shown_and_only_what_can_be_done_is_offered(open_figures):
    visited = open_figures()
    panel = started(visited.page, "reverse-process")
    assert_shows_the_stored_chains(panel)
    assert panel.get_by_role("button", name="Branch").is_hidden()
    asked = (".onnx", ".wasm", ".safetensors")
    eventually(
        lambda: panel.is_visible() and sum(url.endswith(asked) for url in visited.requests) == 3,
        "the question how large what Sample would load is",
    )
    off = panel.locator("button[aria-disabled=true]").all_inner_texts()
    assert off == ["Stop", "Branch from the chosen one", "Interpolate between two"]


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_an_instrument_fits_its_window(open_figures, width, height):
    page = open_figures(viewport={"width": width, "height": height}).page
    for instrument in INSTRUMENTS:
        panel = started(page, instrument)
        panel.get_by_role("status").filter(has_text=re.compile(r"\w")).wait_for()
        assert panel.bounding_box()["height"] <= height


def test_a_seed_gives_the_same_samples_in_any_number_of_which_few_are_larger_than_many(panel):
    width = "one => one.getBoundingClientRect().width"
    eight, of_eight = sampled(panel, 5, count="8"), panel.locator(".instrument-board canvas").first.evaluate(width)
    assert len({tuple(one) for one in eight}) == 8
    assert sampled(panel, 6, count="8") != eight
    assert sampled(panel, 5, count="1") == eight[:1]
    assert panel.locator(".instrument-board canvas").first.evaluate(width) > 1.5 * of_eight


def test_the_reader_is_told_what_sampling_will_load_and_a_bar_counts_its_bytes_and_then_the_steps(panel):
    seen = "bar => { window.seen = []; new MutationObserver(() => seen.push([bar.position, bar.ariaValueText]))"
    panel.locator("progress").evaluate(f"{seen}.observe(bar, {{attributes: true}}) }}")
    said = status(panel, "Sample first loads")
    files = [paths.DATA / f"ddpm-progressive-clothes-fashion{end}" for end in (".onnx", ".safetensors")]
    files.append(paths.VENDOR / "onnxruntime-web/ort-wasm-simd-threaded.wasm")
    megabytes = sum(one.stat().st_size for one in files) / 1e6
    assert said == f"Sample first loads {megabytes:.0f} megabytes: the network and what runs it."
    for network in ("fashion", "digits"):
        panel.get_by_label("Network").select_option(network)
        assert status(panel, "Sample first loads").endswith("the network." if network == "digits" else "runs it.")
        sampled(panel, 5, network=network, count="1")
        said = panel.page.evaluate("seen.splice(0)")
        loading = [position for position, text in said if text.endswith("megabytes")]
        walking = [position for position, text in said if text.endswith("of 20 steps")]
        assert max(loading) > 0.9
        assert min(walking) == 0 and max(walking) == 1
        assert said[-1][1] == "20 of 20 steps"
    panel.get_by_label("Network").select_option("fashion")
    status(panel, "Sample first loads")
    methods = []
    panel.page.on("request", lambda request: methods.append(request.method))
    panel.get_by_label("Network").select_option("digits")
    assert panel.get_by_role("status").inner_text() == ""
    sampled(panel, 5, count="1")
    assert methods == [], "it asked how much it would load"


def test_a_server_that_does_not_say_how_much_it_is_is_no_error(open_figures):
    page = open_figures().page
    page.route("**/*.onnx", lambda route: route.abort() if route.request.method == "HEAD" else route.continue_())
    with page.expect_event("requestfailed"):
        panel = started(page, "reverse-process")
    assert panel.get_by_role("status").inner_text() == ""
    assert sampled(panel, 5, count="1")


def test_stopped_and_continued_by_the_keyboard_is_as_if_it_had_not_been_stopped(panel):
    whole = sampled(panel, 7)
    stop_clock(panel.page)
    panel.get_by_role("button", name="Sample", exact=True).press("Enter")
    assert focused(panel.page) == "Sample"
    status(panel, "Running")
    assert focused(panel.page) == "Sample"
    panel.get_by_role("button", name="Stop").press("Enter")
    panel.page.clock.resume()
    said = status(panel, "Stopped at t = ")
    assert 0 < int(said.split("= ")[1].rstrip(".")) <= 1000
    assert focused(panel.page) == "Continue"
    panel.page.keyboard.press("Enter")
    status(panel, "Done")
    assert pictures(panel) == whole
    assert focused(panel.page) == "Stop"
    panel.page.keyboard.press("Enter")
    assert "Done" in panel.get_by_role("status").inner_text(), "a button that is off did something"


def test_branches_share_their_beginning_and_an_interpolation_goes_from_one_sample_to_another(panel):
    """Branches part the more the earlier they begin. A place of the slider is a step, of 50."""
    done, spread = torch.tensor(sampled(panel, 5)).double(), {}
    for place in (2, 18):
        move(panel.locator(".instrument-batch").first, "look back to t", place)
        panel.get_by_role("button", name="sample 2", exact=True).click()
        shared = pictures(panel)[1]
        panel.get_by_role("button", name="Branch from").click()
        status(panel, f"Done: 4 branches that share x at t = {1000 - 50 * place} of sample 2")
        ends = torch.tensor(pictures(panel, 1)).double()
        spread[place] = ends.std(0).mean().item()
        move(panel.locator(".instrument-batch").nth(1), "look back to t", 0)
        assert pictures(panel, 1) == [shared] * 4
        panel.get_by_role("button", name="sample 2", exact=True).click()
    assert spread[2] > 2 * spread[18] > 0
    for name in ("sample 1", "sample 3"):
        panel.get_by_role("button", name=name, exact=True).click()
    panel.get_by_role("button", name="Interpolate").click()
    status(panel, "Done: from sample 1 to sample 3, mixed at t = 100")
    between = torch.tensor(pictures(panel, 1)).double()
    off = [(between - done[k]).abs().mean(1) for k in (0, 2)]
    assert off[0].argmin() == 0
    assert off[1].argmin() == len(between) - 1


def test_a_step_in_the_browser_takes_no_longer_than_ten_in_pytorch(open_figures):
    """By processor time, drawing included, so that a busy machine does not count."""
    panel = started(open_figures().page, "reverse-process")
    sampled(panel, 1, count="1")
    before = seconds_of_chromium()
    sampled(panel, 2, count="1", steps="100")
    theirs = seconds_of_chromium() - before
    before = time.process_time()
    chain("digits", noises([1, 8, 8])[:, :1], 100, "beta", clip=True)
    assert theirs < 10 * (time.process_time() - before)


def seconds_of_chromium() -> float:
    """The processor time that the browser of this test has used."""
    seconds = 0.0
    for one in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it ended meanwhile
            seconds += sum(one.cpu_times()[:2]) if "chrom" in one.name() else 0
    return seconds


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("delete globalThis.WebAssembly", "has no WebAssembly"),
        ("WebAssembly.validate = () => false", "WebAssembly has no SIMD"),
    ],
)
def test_a_browser_that_cannot_run_it_is_told_so(open_figures, broken, says):
    page = open_figures(before=lambda page: page.add_init_script(broken)).page
    panel = started(page, "reverse-process")
    assert says in panel.inner_text()
    assert panel.get_by_role("button", name="Sample").count() == 0
    assert_shows_the_stored_chains(panel)


def test_while_a_network_comes_nothing_else_can_be_asked_and_until_it_has_come_the_first_is_kept(panel):
    sampled(panel, 5)
    panel.get_by_label("Network").select_option("fashion")
    pattern, sample = "**/*.safetensors", panel.get_by_role("button", name="Sample", exact=True)
    panel.page.route(pattern, lambda route: route.fulfill(status=404))
    sample.click()
    assert "404" in status(panel, "did not work")
    panel.get_by_role("button", name="Branch from").click()
    status(panel, "Done: 4 branches")
    panel.page.unroute(pattern)
    held = []

    def hold(route: Route) -> None:
        """What the choice asks at once, by HEAD, is how much it weighs; that may come now or have come."""
        held.append(route) if route.request.method == "GET" else route.continue_()

    panel.page.route(pattern, hold)
    sample.click()
    status(panel, "Loading")
    off = panel.locator("button[aria-disabled=true]").all_inner_texts()
    assert off == ["Sample", "Stop", "Branch from the chosen one", "Interpolate between two"]
    eventually(lambda: panel.is_visible() and held, "the request for the network")
    held[0].continue_()
    status(panel, "Done")
    assert panel.locator("button[aria-disabled=true]").all_inner_texts() == ["Stop"]
    assert {len(one) for one in pictures(panel)} == {28 * 28}


def test_who_waits_for_a_closed_network_is_told_so(fresh):
    answers = fresh("/").page.evaluate(CLOSED, network("digits"))
    assert answers == ["the network was closed"] * 2


# --- the plane


def test_particles_arrive_at_the_islands(open_figures):
    panel = started(open_figures().page, "gaussian-mixture")
    panel.get_by_role("button", name="Play").click()
    status(panel, "Arrived at t = 0")
    assert panel.get_by_label("t", exact=True).get_attribute("aria-valuetext") == "t = 0"
    _, ends, truth = panel.locator("dd").all_inner_texts()
    assert float(ends) == pytest.approx(float(truth), rel=0.25)


def test_few_steps_make_the_islands_too_wide_or_too_narrow_by_the_variance(open_figures):
    """Page 3 of the paper: they are right for data of unit variance and for a point, and islands are neither."""
    panel = started(open_figures().page, "gaussian-mixture")
    panel.get_by_label("Steps").select_option("25")
    spread = {}
    for kind in ("beta", "beta_tilde"):
        panel.get_by_label("Noise of a step").select_option(kind)
        spread[kind] = float(panel.locator("dd").nth(1).inner_text())
    truth = float(panel.locator("dd").nth(2).inner_text())
    assert spread["beta_tilde"] < truth < spread["beta"]


def test_who_wants_no_motion_gets_none(open_figures):
    panel = started(open_figures(reduced_motion="reduce").page, "gaussian-mixture")
    panel.get_by_role("button", name="Play").click()
    assert panel.get_by_label("t", exact=True).get_attribute("aria-valuetext") == "t = 0"
    assert "without motion" in panel.get_by_role("status").inner_text()
