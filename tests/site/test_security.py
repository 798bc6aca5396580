"""The published pages run nothing, fetch nothing and tell nothing that is not theirs."""

from collections.abc import Iterator

import pytest

from ..conftest import eventually
from .conftest import PAGES, load_images, unfold

REPORT = """window.violations = [];
addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
    violations.push(`${effectiveDirective} ${blockedURI}`);
});"""
APPEND = "const script = document.createElement('script'); %s; document.body.append(script)"
INSERT = "document.body.insertAdjacentHTML('beforeend', `%s`)"
EMPTY_MODULE = "new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])"


@pytest.fixture(scope="module", params=PAGES)
def guarded(request, browser, address) -> Iterator:
    """A page that remembers what its policy has blocked."""
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(REPORT)
    page.goto(address + request.param, wait_until="networkidle")
    yield page
    context.close()


def test_the_policy_is_as_strict_as_the_page_allows(guarded):
    content = guarded.locator("meta[http-equiv='Content-Security-Policy']").get_attribute("content")
    policy = {directive.split()[0]: directive.split()[1:] for directive in content.split(";")}
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == ["'self'", "'wasm-unsafe-eval'"]
    assert policy["base-uri"] == policy["form-action"] == ["'none'"]
    anywhere = {source for name in policy for source in policy[name]}
    assert anywhere <= {"'none'", "'self'", "'wasm-unsafe-eval'", "'unsafe-inline'", "data:"}
    assert [name for name in policy if "'unsafe-inline'" in policy[name]] == ["style-src"]
    assert [name for name in policy if "data:" in policy[name]] == ["img-src"]


def test_the_policy_stands_before_all_that_it_governs(guarded):
    before = "meta => meta.previousElementSibling && meta.previousElementSibling.outerHTML"
    assert guarded.eval_on_selector("meta[http-equiv='Content-Security-Policy']", before) == '<meta charset="utf-8">'


def test_the_page_asks_for_nothing_that_the_policy_blocks(guarded):
    """With everything on it opened and loaded."""
    unfold(guarded)
    load_images(guarded)
    assert guarded.evaluate("violations") == []


@pytest.mark.parametrize(
    ("attempt", "violation"),
    [
        (APPEND % "script.text = 'ran = true'", "script-src-elem inline"),
        (APPEND % "script.src = 'https://x.invalid/'", "script-src-elem https://x.invalid/"),
        (INSERT % '<img src="/" onerror="ran = true" alt>', "script-src-attr inline"),
        (INSERT % '<a id="bad" href="javascript:ran = true">x</a>' + "; bad.click()", "script-src-elem inline"),
        (INSERT % '<iframe src="/"></iframe>', "frame-src"),
        (INSERT % '<base href="https://x.invalid/">', "base-uri https://x.invalid/"),
        ("try { eval('ran = true') } catch {}", "script-src eval"),
        ("new Image().src = 'https://x.invalid/'", "img-src https://x.invalid/"),
        ("fetch('https://x.invalid/').catch(() => 0)", "connect-src https://x.invalid/"),
    ],
    ids=lambda value: value[:20],
)
def test_what_does_not_belong_to_the_page_is_blocked(guarded, attempt, violation):
    """From a timer, since what a test evaluates directly is exempt."""
    guarded.evaluate(f"violations.length = 0; setTimeout(() => {{ {attempt} }})")
    eventually(lambda: any(one.startswith(violation) for one in guarded.evaluate("violations")), violation)
    assert guarded.evaluate("typeof ran") == "undefined"


def test_web_assembly_may_be_compiled(guarded):
    compile = f"WebAssembly.compile({EMPTY_MODULE}).then(() => done('yes'), failed)"
    compiled = f"violations.length = 0; new Promise((done, failed) => setTimeout(() => {compile}))"
    assert guarded.evaluate(compiled) == "yes"
    assert guarded.evaluate("violations") == []
