"""Break every formula once, and see that a test fails: `make mutants`.

Each mutant is one change of one snippet in a copy of the package. The tests named for it run on the copy and
stop at the first failure. Exit code 1 if a mutant survives, or if its snippet is no longer in the file once.

    python tests/mutants.py            all mutants
    python tests/mutants.py forward    those of one module
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS, CHECKPOINTS = Path("tests") / "ddpm_notes", Path("experiments") / "checkpoints"
MARK = re.compile("«(.*?)→(.*?)»", re.DOTALL)  # the right words, and the broken ones

# (module, its tests): {what is wrong: a snippet of the module, with the words that are broken}
MUTANTS: dict[tuple[str, str], dict[str, str]] = {
    ("schedule", "test_schedule.py"): {
        "strided: levels rounded down": "«-(-→»torch.arange(steps + 1) * schedule.T // steps«)→»",
        "alpha is 1 - sqrt(beta)": "return 1 - self.beta«→.sqrt()»\n",
        "alpha_bar as a sum": "return «self.alpha.cumprod→1 - self.beta.cumsum»(0)",
        "beta_tilde upside down": "«before / (1 - self.alpha_bar[1:])→(1 - self.alpha_bar[1:]) / before»",
        "signal-to-noise of amplitudes": "«→(»self.alpha_bar / (1 - self.alpha_bar)«→).sqrt()»",
        "t = 0 allowed": "not («1→0» <= int(t.min())",
        "quadratic without the square": "beta_T**0.5, T«, dtype=torch.float64) ** 2→)»",
        "betas from beta_1 exclusive": "linspace(«beta_1, beta_T, T, →0, beta_T, T + 1)[1:].to(»dtype",
        "only the end rescaled": "linear_schedule(T, 1e-4« * 1000 / T→»,",
        "beta from alpha_bar, shifted": "1 - with_clean[«1:] / with_clean[:-1]→:-1] * alpha_bar»",
    },
    ("schedule", "test_identities.py"): {
        "alpha for alpha_bar in beta_tilde": "before = 1 - self.«alpha_bar→alpha»[:-1]",
    },
    ("schedule", "test_sampling.py"): {
        "strided: the levels are lost": "return t if «self.levels is None→True» else",
        "strided twice: the first forgotten": "levels=«schedule.network_t(levels)→levels»",
    },
    ("forward", "test_forward.py"): {
        "alpha for alpha_bar": "signal = schedule.at(schedule.«alpha_bar→alpha».sqrt()",
        "sqrt of 1 - alpha_bar dropped": "«(1 - schedule.alpha_bar).sqrt()→1 - schedule.alpha_bar», t, x0)",
        "alpha_bar for 1 - alpha_bar": "«(1 - schedule.alpha_bar)→schedule.alpha_bar».sqrt(), t, x0)",
    },
    ("forward", "test_identities.py"): {
        "one step: beta as a deviation": "schedule.at(schedule.beta«.sqrt()→», t",
        "one step: sqrt of alpha dropped": "schedule.at(schedule.alpha«.sqrt()→», t",
        "posterior: coefficients swapped": "schedule.at(«of_x0→of_xt», t, xt) * x0 + schedule.at(«of_xt→of_x0», t",
        "posterior: sqrt dropped": "before«.sqrt()→» * schedule.beta[1:]",
        "posterior: t off by one": "schedule.alpha[«1:→:-1»].sqrt() * (1 - before)",
        "posterior: beta for beta_tilde": "schedule.at(schedule.«beta_tilde→beta», t, xt)",
    },
    ("reverse", "test_reverse.py"): {
        "mean: sign of epsilon": "(xt «-→+» schedule.at(factor, t, xt) * eps)",
        "mean: sqrt dropped": "schedule.beta[1:] / (1 - schedule.alpha_bar[1:])«.sqrt()→»",
        "mean: alpha for alpha_bar": "schedule.beta[1:] / (1 - schedule.«alpha_bar→alpha»[1:]).sqrt()",
        "mean: alpha_bar for alpha": "* eps) / schedule.at(schedule.«alpha→alpha_bar».sqrt(), t, xt)",
        "beta and beta_tilde swapped": 'schedule.beta if kind «=→!»= "beta" else',
        "first variance beta_tilde_1 = 0": "table[1] = schedule.beta_tilde[«2→1»] if",
        "x0_hat clipped to [0, 1]": "x0_hat.clamp(«-1→0», 1)",
        "never clipped": "    if «clip_x0→False»:\n",
        "noise at t = 1": "not_last = (t > «1→0»)",
        "variance for standard deviation": "«(log_variance / 2)→log_variance».exp() * noise",
    },
    ("reverse", "test_identities.py"): {
        "x0_hat: sign of epsilon": "return (xt «-→+» noise) /",
        "x0_hat: sqrt dropped": "/ schedule.at(schedule.alpha_bar«.sqrt()→», t, xt)",
        "epsilon from x0: sqrt dropped": "(xt - signal) / schedule.at((1 - schedule.alpha_bar)«.sqrt()→»",
    },
    ("losses", "test_losses.py"): {
        "t from 0 to T - 1": "torch.randint(«1, schedule.T + 1→0, schedule.T»,",
        "t never T": "torch.randint(1, schedule.T« + 1→»,",
        "sum over dimensions": "return x.flatten(1).«mean→sum»(1)",
        "weight of x0 upside down": "table = «1 / →»s.snr",
        "weight of the mean: square dropped": "s.beta[1:] «** 2 →»/ (s.alpha[1:]",
        "Eq. 12 without the 2": '"mean") / («2 * →»schedule.values',
        "Eq. 12: beta_tilde for beta": 'sigma2 = schedule.beta if variance «=→!»= "beta"',
        "KL: sign of the log ratio": "ratio.exp() - 1 «-→+» ratio +",
        "KL: the wrong variance under the square": ".square() * (-«log_variance_p→log_variance_q»).exp())",
        "decoder: half-width 1 / levels": "half = 1 / «(levels - 1)→levels»",
        "decoder: bins twice too wide": "half = «1→2» / (levels - 1)",
        "decoder: no edge at the top": "«torch.where(top, 2 * lower.detach().clamp(min=0) + infinity, upper)→upper»",
        "decoder: edges swapped": "«top, bottom→bottom, top» = x0 > 1 - half / 2, x0 <",
        "decoder: plain difference in the tail": "mirrored = lower + upper > «0→1e9»",
        "decoder: variance for deviation": "log_sigma = «(→»log_variance_p.double()« / 2)→»",
        "nats for bits": "per_dimension(term)« / NATS_PER_BIT→»",
        "decoder at t = 2": "first, terms = t == «1→2»",
        "decoder of every t on a GPU": "decoder, «term→decoder»)",
        "far bins are -inf": "«2 * lower.detach().clamp(min=0) + →»infinity",
        "loss on x_0 for epsilon": "per_dimension((«noise→x0» - eps).square())",
    },
    ("likelihood", "test_likelihood.py"): {
        "prior: alpha_bar for 1 - alpha_bar": "«(1 - alpha_bar)→alpha_bar».log(), zero, zero",
        "prior: sqrt dropped": "gaussian_kl(alpha_bar«.sqrt()→» * x0",
        "prior of variance 2": "(1 - alpha_bar).log(), zero, zero«→ + 0.6931»)",
        "rate from t = 1 up": "received.«flip(0).cumsum→cumsum(0).flip»(0)",
        "distortion on the wrong scale": "flip(0) * «127.5→255»",
        "standard error of one image": "x.std() / len(x)« ** 0.5→»",
        "rate with L_0": "self.prior + self.terms«[:, 1:]→».sum(1)",
        "total without the prior": "return self.«prior + self.→»terms.sum(1)",
        "bound without t = T": "range(first, schedule.T« + 1→»), desc",
        "distortion of x_0 alone": "«(x0_hat - x0)→x0_hat».double()",
    },
    ("parameterizations", "test_parameterizations.py"): {
        "epsilon from the mean: sqrt dropped": "(1 - schedule.alpha_bar[1:])«.sqrt()→» / schedule.beta[1:]",
        "variance in the first half": "«predicted, log_variance→log_variance, predicted» = output.chunk",
    },
    ("sampling", "test_sampling.py"): {
        "the chain stops at t = 2": "range(start, «0→1», -1)",
        "mixture rescaled by a variance": "((1 - lam) ** 2 + lam**2) «** 0.5 →»if",
        "endpoints swapped": "«(1 - lam) * x0 + lam→lam * x0 + (1 - lam)» * x0_other",
        "ddim: the network is told the new t": "eps = model(x, «schedule.network_t(t)→t»)",
    },
    ("sampling", "test_diffusers.py"): {
        "ddim: beta for beta_tilde": "schedule.«beta_tilde→beta».tolist()",
        "ddim: eta not squared": "eta«**2→» * beta_tilde",
        "ddim: variance not given back": "max(1 - before« - sigma2→», 0)",
        "ddim: t off by one": "alpha_bar[step« - 1→»]",
        "ddim: epsilon of the unclipped image": "«            eps = predict_eps(x, t, x0_hat, schedule)\n→»",
        "ddim: variance for deviation": "x + sigma2«**0.5→» * draw_noise",
    },
    ("oracle", "test_oracle.py"): {
        "variance not scaled": "«alpha_bar * →»self.variances + 1 - alpha_bar",
        "density of one dimension": "«x.shape[1] * →»(2 * math.pi * variance).log()",
        "sign of the gain": "(weights * (1 «-→+» gain * alpha_bar.sqrt()))",
        "sqrt of the gain dropped": "gain = alpha_bar«.sqrt()→» * self.variances",
        "entropy in nats": "-(p * p.«log2→log»()).sum()",
        "weights not normalised": "«(weights.double() / weights.double().sum()→weights.double(»).log()",
    },
    ("discrete", "test_discrete.py"): {
        "Eq. 3 without the forward process": "« + _expect_log(pair, step)→»\n    return total.item()",
        "Eq. 5: reverse table transposed": "_expect_log(joint.sum(0), back«.T→»)",
        "Eq. 5: prior KL with the wrong sign": "_expect_log(last, from_x0) «-→+» _expect_log(last, chain",
        "Eq. 16 without H(x_0)": "«(total + entropy(chain.q0))→total».item()",
        "bits for nats": "torch.log(torch.tensor(«2→10».0, dtype=torch.float64))",
        "likelihood in the forward order": "for back in «reversed(chain.reverse)→chain.reverse»",
        "masking every coordinate at once": "(«*state[:coordinate], 2, *state[coordinate + 1 :])→2,) * dimensions»",
    },
    ("unet", "test_unet.py"): {
        "two blocks on the way up": "range(config.blocks« + 1→»)",
        "output layer not started at zero": "config.out_channels or config.channels«, scale=0→»)",
        "dropout in front of nothing": "self.conv2(«self.dropout(→»F.silu(self.norm2(h))«)→»)",
    },
    ("unet", "test_diffusers.py"): {
        "cos before sin": "torch.cat([angles.«sin(), angles.cos→cos(), angles.sin»()]",
        "frequencies over half": "(-math.log(10000) / «(half - 1)→half»)",
        "the network's clock starts at 1": "angles = «(t - 1)→t».float()",
        "padding on the left and top": "F.pad(x, («0, 1, 0, 1→1, 0, 1, 0»))",
        "attention without its scale": "v[:, None]«→, scale=1.0»)[:, 0]",
        "attention without the input": "return «x + →»self.out(mixed)",
        "no attention in the middle": "Stage(channels, channels, «True→False», config)",
        "no shortcut": "return «self.shortcut(x) + →»h",
        "no time in the blocks": "h = h« + self.time(embedding)[:, :, None, None]→»",
        "bilinear upsampling": 'scale_factor=2.0, mode="«nearest→bilinear»"',
        "epsilon of the normalisation": "into, eps=1e-«6→2»)",
    },
    ("training", "test_algorithm_1.py"): {
        "gradient not clipped": "objective.parameters(), «config.clip→1e9»)",
        "flips upside down": "x0.flip(-«1→2»), x0)",
        "gradients pile up": "«optimizer.zero_grad()→pass»",
    },
    ("training_run", "test_training.py"): {
        "the ramp one step late": "(«2 + step) / (11→1 + step) / (10» + step)",
        "the ramp after a resumption from 0": "self.config.decay(«self.done→count»)",
        "an interrupt is not saved": "«(saves or stops)→saves»",
        "the average begins at the first step": "«self.averaging.update_parameters(self.model)  →»# the",
        "every process the same dropout": "seed« + self.rank * 0x9E3779B9→»",
    },
    ("training_run", "test_algorithm_1.py"): {
        "EMA decay swapped": "else «→1 - »self.ema\n",
        "warm-up dropped": "c.learning_rate« * warm→»",
        "warm-up from the first step": "min(«step→(step + 1)» / c.warmup, 1.0)",
        "the same batch in every step": "Generator()«.manual_seed(seed)→» if",
    },
    ("image_noise", "test_image_noise.py"): {
        "one generator for all images": "«(first + i) % 2**32→first»",
        "the seed does nothing": "SeedSequence(«seed→0»)",
        "uniform noise": "image.«normal_(→uniform_(-1.7, 1.7, »generator=generator)",
    },
    ("precision", "test_precision.py"): {
        "bfloat16 wherever a name says so": "«and there is True→»",
        "TF32 stays switched on": "«backends.fp32_precision = before→pass»",
        "bfloat16 is not used": 'if «precision == "bfloat16"→False» else',
    },
    ("own_data", "test_own_data.py"): {
        "colours last": "picture.transpose(2, «0, 1→1, 0»)",
        "height and width swapped": "self.files[0]).size«[::-1]→»",
        "an .npz with channels last as it is": "array«.transpose(0, 3, 1, 2)→»",
        "pictures lie on their side": "«ImageOps.exif_transpose(opened)→opened»",
        "transparent is black": '"«white→black»"), picture)',
        "a changed file is not seen": "«stat.st_mtime_ns→0»)",
    },
    ("onnx_graph", "test_engines.py"): {
        "padding on the left": "pads=[«0, 0, 1, 1→1, 1, 0, 0»]",
        "another epsilon": "epsilon=«layer.eps→1e-3»",
        "skips in the wrong order": "skips.pop(«→0»), axis=1",
        "no SiLU": 'return «self("Mul", x, self("Sigmoid", x))→x»',
    },
    ("engines", "test_engines.py"): {
        "threads of its own": "intra_op_num_threads = «torch.get_num_threads()→7»",
        "what is predicted is forgotten": 'plain.schedule, «plain.predicts→"eps"»,',
    },
    ("diffusers_layout", "test_diffusers.py"): {
        "cosine without its offset": "/ T« + 0.008→»)",
        "cosine uncapped": "clamp(max=0.«999→9999»)",
        "scaled_linear as linear": "start«**0.5, end**0.5, T, dtype=torch.float64) ** 2→, end, T)»",
        "variances swapped": '"fixed_large": "«beta→beta_tilde»", "fixed_small": "«beta_tilde→beta»"',
        "the betas are not written": 'said« | {"trained_betas": schedule.beta[1:].tolist()}→»',
    },
    ("coding", "test_coding.py"): {
        "the worst candidate": "(arrivals.log() + by_block).«argmin→argmax»(0)",
        "importance weights upside down": "arrivals.log() «+→-» by_block",
        "no order among candidates": ".float(), gaps«.cumsum(0)→»",
        "the seed does nothing": "manual_seed(«codec.seed * 1_000_003 + →»t)",
        "posterior of the wrong t": "above.double()[None], torch.tensor([t« + 1→»])",
        "the octave costs nothing": "edges = _octaves(t, codec)\n    «→octave and »writer.put(edges[octave]",
        "the message one bit short": ">> excess))« + 1→») << excess",
        "expected bits in the order of T": (
            "cat([bound.«terms.mean(0)→prior.mean().view(1)», bound.«prior.mean().view(1)→terms.mean(0)»])"
        ),
        "KL in nats": "log_variance_p).sum().item()« / NATS_PER_BIT→»",
    },
    ("random_coding", "test_random_coding.py"): {
        "importance weights upside down": "«q.log_prob(x) - p→p.log_prob(x) - q».log_prob(x)",
        "one seed for all lines": "manual_seed(«t→0»)",
        "KL in nats": "kl_divergence(q, p).sum()« / NATS_PER_BIT→»",
        "x0 not at its level": "«(shared.levels - 1)→shared.levels» / 2).round()",
    },
}


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess:
    """A Python command whose `ddpm_notes` is the one in `folder`."""
    settings = {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env={**os.environ, **settings}, capture_output=True, text=True
    )


class NoVerdict(Exception):
    """Tests that could not run."""


def first_failure(folder: Path, tests: str) -> str:
    """The first test that fails with the package as it stands in this folder, if one does."""
    options = ["-x", "-q", "--import-mode=importlib", "-p", "no:cacheprovider", "--tb=no"]
    result = run(["-m", "pytest", *options, str(TESTS / tests)], folder)
    failed = re.search(r"^FAILED \S+::(\S+)", result.stdout, re.MULTILINE)
    if result.returncode not in (0, 1) or bool(result.returncode) != bool(failed):
        raise NoVerdict(f"{tests} could not run\n{result.stdout[-2000:]}{result.stderr[-1000:]}")
    return failed[1] if failed else ""


def fate(folder: Path, module: str, tests: str, snippet: str) -> tuple[bool, str]:
    """Whether a test kills the mutant, and what to say of it."""
    right, broken = (MARK.sub(words, snippet) for words in (r"\1", r"\2"))
    path = folder / "ddpm_notes" / f"{module}.py"
    source = path.read_text(encoding="utf-8")
    if source.count(right) != 1:
        return False, f"STALE: the snippet occurs {source.count(right)} times in {path.name}: {right!r}"
    path.write_text(source.replace(right, broken), encoding="utf-8")
    try:
        failed = first_failure(folder, tests)
    except NoVerdict as error:
        return False, f"NO VERDICT: {error}"
    finally:
        path.write_text(source, encoding="utf-8")
    return bool(failed), f"killed by {failed}" if failed else f"SURVIVED {tests}"


def main(only: list[str]) -> int:
    asked = {key: broken for key, broken in MUTANTS.items() if not only or key[0] in only}
    mutants = [(*key, what, snippet) for key, broken in asked.items() for what, snippet in broken.items()]
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        folder = Path(name)
        for part in ("ddpm_notes", TESTS, CHECKPOINTS):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "tests/conftest.py", folder / "tests")
        found = run(["-c", "import ddpm_notes; print(ddpm_notes.__file__)"], folder).stdout
        if not Path(found).is_relative_to(folder.resolve()):
            print(f"the copy in {folder} is not what the tests import, but {found.strip()}")
            return 1
        for tests in sorted({tests for _, tests in asked}):
            if failed := first_failure(folder, tests):
                print(f"{tests}: {failed} fails without any mutant")
                return 1
        alive, started = 0, time.monotonic()
        for number, (module, tests, what, snippet) in enumerate(mutants, 1):
            killed, verdict = fate(folder, module, tests, snippet)
            alive += not killed
            seconds = time.monotonic() - started
            print(f"[{number}/{len(mutants)} {seconds:4.0f} s] {module}: {what}: {verdict}", flush=True)
    print(f"{len(mutants) - alive} of {len(mutants)} mutants killed")
    return 1 if alive or not mutants else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
