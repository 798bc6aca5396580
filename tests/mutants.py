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
TRAINING, ALGORITHM_1 = "test_training.py", "test_algorithm_1.py"

# module: (what is wrong, the right snippet, the broken one[, the tests if not those of the module])
MUTANTS: dict[str, list[tuple[str, ...]]] = {
    "schedule": [
        ("alpha is 1 - sqrt(beta)", "return 1 - self.beta\n", "return 1 - self.beta.sqrt()\n"),
        ("alpha_bar as a sum", "return self.alpha.cumprod(0)", "return 1 - self.beta.cumsum(0)"),
        ("alpha for alpha_bar in beta_tilde", "before = 1 - self.alpha_bar[:-1]", "before = 1 - self.alpha[:-1]"),
        ("beta_tilde upside down", "before / (1 - self.alpha_bar[1:])", "(1 - self.alpha_bar[1:]) / before"),
        (
            "signal-to-noise of amplitudes",
            "self.alpha_bar / (1 - self.alpha_bar)",
            "(self.alpha_bar / (1 - self.alpha_bar)).sqrt()",
        ),
        ("t = 0 allowed", "not (1 <= int(t.min())", "not (0 <= int(t.min())"),
        ("quadratic without the square", "beta_T**0.5, T, dtype=torch.float64) ** 2", "beta_T**0.5, T)"),
        ("betas from beta_1 exclusive", "linspace(beta_1, beta_T, T, dtype", "linspace(0, beta_T, T + 1)[1:].to(dtype"),
        ("only the end rescaled", "linear_schedule(T, 1e-4 * 1000 / T,", "linear_schedule(T, 1e-4,"),
        (
            "strided: levels rounded down",
            "-(-torch.arange(steps + 1) * schedule.T // steps)",
            "torch.arange(steps + 1) * schedule.T // steps",
            "test_identities.py",
        ),
        (
            "strided: the levels are lost",
            "return t if self.levels is None else",
            "return t if True else",
            "test_sampling.py",
        ),
        (
            "strided twice: the first forgotten",
            "levels=schedule.network_t(levels)",
            "levels=levels",
            "test_sampling.py",
        ),
        ("beta from alpha_bar, shifted", "1 - with_clean[1:] / with_clean[:-1]", "1 - with_clean[:-1] * alpha_bar"),
    ],
    "forward": [
        ("one step: beta as a deviation", "schedule.at(schedule.beta.sqrt(), t", "schedule.at(schedule.beta, t"),
        ("one step: sqrt of alpha dropped", "schedule.at(schedule.alpha.sqrt(), t", "schedule.at(schedule.alpha, t"),
        (
            "alpha for alpha_bar",
            "signal = schedule.at(schedule.alpha_bar.sqrt()",
            "signal = schedule.at(schedule.alpha.sqrt()",
        ),
        ("sqrt of 1 - alpha_bar dropped", "(1 - schedule.alpha_bar).sqrt(), t, x0)", "1 - schedule.alpha_bar, t, x0)"),
        ("alpha_bar for 1 - alpha_bar", "(1 - schedule.alpha_bar).sqrt(), t, x0)", "schedule.alpha_bar.sqrt(), t, x0)"),
        (
            "posterior: coefficients swapped",
            "schedule.at(of_x0, t, xt) * x0 + schedule.at(of_xt, t, xt) * xt",
            "schedule.at(of_xt, t, xt) * x0 + schedule.at(of_x0, t, xt) * xt",
        ),
        ("posterior: sqrt dropped", "before.sqrt() * schedule.beta[1:]", "before * schedule.beta[1:]"),
        (
            "posterior: t off by one",
            "schedule.alpha[1:].sqrt() * (1 - before)",
            "schedule.alpha[:-1].sqrt() * (1 - before)",
        ),
        (
            "posterior: beta for beta_tilde",
            "schedule.at(schedule.beta_tilde, t, xt)",
            "schedule.at(schedule.beta, t, xt)",
        ),
    ],
    "reverse": [
        ("x0_hat: sign of epsilon", "return (xt - noise) /", "return (xt + noise) /"),
        (
            "x0_hat: sqrt dropped",
            "/ schedule.at(schedule.alpha_bar.sqrt(), t, xt)",
            "/ schedule.at(schedule.alpha_bar, t, xt)",
        ),
        (
            "epsilon from x0: sqrt dropped",
            "(xt - signal) / schedule.at((1 - schedule.alpha_bar).sqrt()",
            "(xt - signal) / schedule.at((1 - schedule.alpha_bar)",
        ),
        ("mean: sign of epsilon", "(xt - schedule.at(factor, t, xt) * eps)", "(xt + schedule.at(factor, t, xt) * eps)"),
        (
            "mean: sqrt dropped",
            "schedule.beta[1:] / (1 - schedule.alpha_bar[1:]).sqrt()",
            "schedule.beta[1:] / (1 - schedule.alpha_bar[1:])",
        ),
        (
            "mean: alpha for alpha_bar",
            "schedule.beta[1:] / (1 - schedule.alpha_bar[1:]).sqrt()",
            "schedule.beta[1:] / (1 - schedule.alpha[1:]).sqrt()",
        ),
        (
            "mean: alpha_bar for alpha",
            "* eps) / schedule.at(schedule.alpha.sqrt(), t, xt)",
            "* eps) / schedule.at(schedule.alpha_bar.sqrt(), t, xt)",
        ),
        ("beta and beta_tilde swapped", 'schedule.beta if kind == "beta" else', 'schedule.beta if kind != "beta" else'),
        (
            "first variance beta_tilde_1 = 0",
            "table[1] = schedule.beta_tilde[2] if",
            "table[1] = schedule.beta_tilde[1] if",
        ),
        ("x0_hat clipped to [0, 1]", "x0_hat.clamp(-1, 1)", "x0_hat.clamp(0, 1)"),
        ("never clipped", "    if clip_x0:\n", "    if False:\n"),
        ("noise at t = 1", "not_last = (t > 1)", "not_last = (t > 0)"),
        ("variance for standard deviation", "(log_variance / 2).exp() * noise", "log_variance.exp() * noise"),
    ],
    "losses": [
        ("t from 0 to T - 1", "torch.randint(1, schedule.T + 1,", "torch.randint(0, schedule.T,"),
        ("t never T", "torch.randint(1, schedule.T + 1,", "torch.randint(1, schedule.T,"),
        ("sum over dimensions", "return x.flatten(1).mean(1)", "return x.flatten(1).sum(1)"),
        ("weight of x0 upside down", "table = 1 / s.snr", "table = s.snr"),
        ("weight of the mean: square dropped", "s.beta[1:] ** 2 / (s.alpha[1:]", "s.beta[1:] / (s.alpha[1:]"),
        ("Eq. 12 without the 2", '"mean") / (2 * schedule.values', '"mean") / (schedule.values'),
        (
            "Eq. 12: beta_tilde for beta",
            'sigma2 = schedule.beta if variance == "beta"',
            'sigma2 = schedule.beta if variance != "beta"',
        ),
        ("KL: sign of the log ratio", "ratio.exp() - 1 - ratio +", "ratio.exp() - 1 + ratio +"),
        (
            "KL: the wrong variance under the square",
            ".square() * (-log_variance_p).exp())",
            ".square() * (-log_variance_q).exp())",
        ),
        ("decoder: half-width 1 / levels", "half = 1 / (levels - 1)", "half = 1 / levels"),
        ("decoder: bins twice too wide", "half = 1 / (levels - 1)", "half = 2 / (levels - 1)"),
        ("decoder: no edge at the top", "torch.where(top, 2 * lower.detach().clamp(min=0) + infinity, upper)", "upper"),
        ("decoder: edges swapped", "top, bottom = x0 > 1 - half / 2, x0 <", "bottom, top = x0 > 1 - half / 2, x0 <"),
        ("decoder: plain difference in the tail", "mirrored = lower + upper > 0", "mirrored = lower + upper > 1e9"),
        (
            "decoder: variance for deviation",
            "log_sigma = (log_variance_p.double() / 2)",
            "log_sigma = log_variance_p.double()",
        ),
        ("nats for bits", "per_dimension(term) / NATS_PER_BIT", "per_dimension(term)"),
        ("decoder at t = 2", "first, terms = t == 1", "first, terms = t == 2"),
        ("decoder of every t on a GPU", "decoder, term)", "decoder, decoder)"),
        ("far bins are -inf", "2 * lower.detach().clamp(min=0) + infinity", "infinity"),
        ("loss on x_0 for epsilon", "per_dimension((noise - eps).square())", "per_dimension((x0 - eps).square())"),
    ],
    "likelihood": [
        ("prior: alpha_bar for 1 - alpha_bar", "(1 - alpha_bar).log(), zero, zero", "alpha_bar.log(), zero, zero"),
        ("prior: sqrt dropped", "gaussian_kl(alpha_bar.sqrt() * x0", "gaussian_kl(alpha_bar * x0"),
        ("prior of variance 2", "(1 - alpha_bar).log(), zero, zero)", "(1 - alpha_bar).log(), zero, zero + 0.6931)"),
        ("rate from t = 1 up", "received.flip(0).cumsum(0)", "received.cumsum(0).flip(0)"),
        ("distortion on the wrong scale", "flip(0) * 127.5", "flip(0) * 255"),
        ("standard error of one image", "x.std() / len(x) ** 0.5", "x.std() / len(x)"),
        ("rate with L_0", "self.prior + self.terms[:, 1:].sum(1)", "self.prior + self.terms.sum(1)"),
        ("total without the prior", "return self.prior + self.terms.sum(1)", "return self.terms.sum(1)"),
        ("bound without t = T", "range(first, schedule.T + 1), desc", "range(first, schedule.T), desc"),
        ("distortion of x_0 alone", "(x0_hat - x0).double()", "x0_hat.double()"),
    ],
    "parameterizations": [
        (
            "epsilon from the mean: sqrt dropped",
            "(1 - schedule.alpha_bar[1:]).sqrt() / schedule.beta[1:]",
            "(1 - schedule.alpha_bar[1:]) / schedule.beta[1:]",
        ),
        (
            "variance in the first half",
            "predicted, log_variance = output.chunk",
            "log_variance, predicted = output.chunk",
        ),
    ],
    "sampling": [
        ("the chain stops at t = 2", "range(start, 0, -1)", "range(start, 1, -1)"),
        ("mixture rescaled by a variance", "((1 - lam) ** 2 + lam**2) ** 0.5 if", "((1 - lam) ** 2 + lam**2) if"),
        ("endpoints swapped", "(1 - lam) * x0 + lam * x0_other", "lam * x0 + (1 - lam) * x0_other"),
        ("ddim: the network is told the new t", "eps = model(x, schedule.network_t(t))", "eps = model(x, t)"),
        (
            "ddim: beta for beta_tilde",
            "schedule.beta_tilde.tolist()",
            "schedule.beta.tolist()",
            "test_diffusers.py",
        ),
        ("ddim: eta not squared", "eta**2 * beta_tilde", "eta * beta_tilde", "test_diffusers.py"),
        ("ddim: variance not given back", "max(1 - before - sigma2, 0)", "max(1 - before, 0)", "test_diffusers.py"),
        (
            "ddim: t off by one",
            "alpha_bar[step - 1]",
            "alpha_bar[step]",
            "test_diffusers.py",
        ),
        (
            "ddim: epsilon of the unclipped image",
            "            eps = predict_eps(x, t, x0_hat, schedule)\n",
            "",
            "test_diffusers.py",
        ),
        (
            "ddim: variance for deviation",
            "x + sigma2**0.5 * draw_noise",
            "x + sigma2 * draw_noise",
            "test_diffusers.py",
        ),
    ],
    "oracle": [
        ("variance not scaled", "alpha_bar * self.variances + 1 - alpha_bar", "self.variances + 1 - alpha_bar"),
        ("density of one dimension", "x.shape[1] * (2 * math.pi * variance).log()", "(2 * math.pi * variance).log()"),
        ("sign of the gain", "(weights * (1 - gain * alpha_bar.sqrt()))", "(weights * (1 + gain * alpha_bar.sqrt()))"),
        ("sqrt of the gain dropped", "gain = alpha_bar.sqrt() * self.variances", "gain = alpha_bar * self.variances"),
        ("entropy in nats", "-(p * p.log2()).sum()", "-(p * p.log()).sum()"),
        ("weights not normalised", "(weights.double() / weights.double().sum()).log()", "weights.double().log()"),
    ],
    "discrete": [
        (
            "Eq. 3 without the forward process",
            " + _expect_log(pair, step)\n    return total.item()",
            "\n    return total.item()",
        ),
        ("Eq. 5: reverse table transposed", "_expect_log(joint.sum(0), back.T)", "_expect_log(joint.sum(0), back)"),
        (
            "Eq. 5: prior KL with the wrong sign",
            "_expect_log(last, from_x0) - _expect_log(last, chain",
            "_expect_log(last, from_x0) + _expect_log(last, chain",
        ),
        ("Eq. 16 without H(x_0)", "(total + entropy(chain.q0)).item()", "total.item()"),
        (
            "bits for nats",
            "torch.log(torch.tensor(2.0, dtype=torch.float64))",
            "torch.log(torch.tensor(10.0, dtype=torch.float64))",
        ),
        ("likelihood in the forward order", "for back in reversed(chain.reverse)", "for back in chain.reverse"),
        ("masking every coordinate at once", "(*state[:coordinate], 2, *state[coordinate + 1 :])", "(2,) * dimensions"),
    ],
    "unet": [
        ("padding on the left and top", "F.pad(x, (0, 1, 0, 1))", "F.pad(x, (1, 0, 1, 0))"),
        ("cos before sin", "torch.cat([angles.sin(), angles.cos()]", "torch.cat([angles.cos(), angles.sin()]"),
        ("frequencies over half", "(-math.log(10000) / (half - 1))", "(-math.log(10000) / half)"),
        ("the network's clock starts at 1", "angles = (t - 1).float()", "angles = t.float()"),
        ("attention without its scale", "v[:, None])[:, 0]", "v[:, None], scale=1.0)[:, 0]"),
        ("attention without the input", "return x + self.out(mixed)", "return self.out(mixed)"),
        (
            "no attention in the middle",
            "Stage(channels, channels, True, config)",
            "Stage(channels, channels, False, config)",
        ),
        ("two blocks on the way up", "range(config.blocks + 1)", "range(config.blocks)"),
        ("no shortcut", "return self.shortcut(x) + h", "return h", "test_diffusers.py"),
        ("no time in the blocks", "h = h + self.time(embedding)[:, :, None, None]", "h = h", "test_diffusers.py"),
        (
            "bilinear upsampling",
            'scale_factor=2.0, mode="nearest"',
            'scale_factor=2.0, mode="bilinear"',
            "test_diffusers.py",
        ),
        ("epsilon of the normalisation", "into, eps=1e-6)", "into, eps=1e-2)", "test_diffusers.py"),
        (
            "output layer not started at zero",
            "config.out_channels or config.channels, scale=0)",
            "config.out_channels or config.channels)",
        ),
        (
            "dropout in front of nothing",
            "self.conv2(self.dropout(F.silu(self.norm2(h))))",
            "self.conv2(F.silu(self.norm2(h)))",
        ),
    ],
    "training": [
        ("gradient not clipped", "objective.parameters(), config.clip)", "objective.parameters(), 1e9)", ALGORITHM_1),
        ("flips upside down", "x0.flip(-1), x0)", "x0.flip(-2), x0)", ALGORITHM_1),
        ("gradients pile up", "optimizer.zero_grad()", "pass", ALGORITHM_1),
    ],
    "training_run": [
        ("EMA decay swapped", "else self.ema\n", "else 1 - self.ema\n", TRAINING),
        ("the ramp one step late", "(2 + step) / (11 + step)", "(1 + step) / (10 + step)", TRAINING),
        ("the ramp after a resumption from 0", "self.config.decay(self.done)", "self.config.decay(count)", TRAINING),
        ("an interrupt is not saved", "(saves or stops)", "saves", TRAINING),
        ("every process the same dropout", "seed + self.rank * 0x9E3779B9", "seed", TRAINING),
        (
            "the average begins at the first step",
            "self.averaging.update_parameters(self.model)  # the",
            "# the",
            TRAINING,
        ),
        ("warm-up dropped", "c.learning_rate * warm", "c.learning_rate", TRAINING),
        ("warm-up from the first step", "min(step / c.warmup, 1.0)", "min((step + 1) / c.warmup, 1.0)", TRAINING),
        ("the same batch in every step", "Generator().manual_seed(seed) if", "Generator() if", ALGORITHM_1),
    ],
    "image_noise": [
        ("one generator for all images", "(first + i) % 2**32", "first"),
        ("the seed does nothing", "SeedSequence(seed)", "SeedSequence(0)"),
        ("uniform noise", "image.normal_(generator=generator)", "image.uniform_(-1.7, 1.7, generator=generator)"),
    ],
    "precision": [
        ("bfloat16 wherever a name says so", "and there is True", "", "test_precision.py"),
        ("TF32 stays switched on", "backends.fp32_precision = before", "pass"),
        ("bfloat16 is not used", 'if precision == "bfloat16" else', "if False else"),
    ],
    "own_data": [
        ("colours last", "picture.transpose(2, 0, 1)", "picture.transpose(2, 1, 0)"),
        ("height and width swapped", "return height, width", "return width, height"),
        ("an .npz with channels last as it is", "array.transpose(0, 3, 1, 2)", "array"),
        ("pictures lie on their side", "ImageOps.exif_transpose(opened)", "opened"),
        ("transparent is black", '"white"), picture)', '"black"), picture)'),
        ("a changed file is not seen", "stat.st_mtime_ns)", "0)"),
    ],
    "onnx_graph": [
        ("padding on the left", "pads=[0, 0, 1, 1]", "pads=[1, 1, 0, 0]", "test_engines.py"),
        ("another epsilon", "epsilon=layer.eps", "epsilon=1e-3", "test_engines.py"),
        ("skips in the wrong order", "skips.pop(), axis=1", "skips.pop(0), axis=1", "test_engines.py"),
        ("no SiLU", 'return self("Mul", x, self("Sigmoid", x))', "return x", "test_engines.py"),
    ],
    "engines": [
        ("threads of its own", "intra_op_num_threads = torch.get_num_threads()", "intra_op_num_threads = 7"),
        ("what is predicted is forgotten", "plain.schedule, plain.predicts,", 'plain.schedule, "eps",'),
    ],
    "diffusers_layout": [
        ("cosine without its offset", "/ T + 0.008)", "/ T)", "test_diffusers.py"),
        ("cosine uncapped", "clamp(max=0.999)", "clamp(max=0.9999)", "test_diffusers.py"),
        (
            "scaled_linear as linear",
            "start**0.5, end**0.5, T, dtype=torch.float64) ** 2",
            "start, end, T)",
            "test_diffusers.py",
        ),
        (
            "variances swapped",
            '"fixed_large": "beta", "fixed_small": "beta_tilde"',
            '"fixed_large": "beta_tilde", "fixed_small": "beta"',
            "test_diffusers.py",
        ),
        (
            "the betas are not written",
            'said | {"trained_betas": schedule.beta[1:].tolist()}',
            "said",
            "test_diffusers.py",
        ),
    ],
    "coding": [
        ("the worst candidate", "(arrivals.log() + by_block).argmin(0)", "(arrivals.log() + by_block).argmax(0)"),
        ("importance weights upside down", "arrivals.log() + by_block", "arrivals.log() - by_block"),
        ("no order among candidates", ".float(), gaps.cumsum(0)", ".float(), gaps"),
        ("the seed does nothing", "manual_seed(codec.seed * 1_000_003 + t)", "manual_seed(t)"),
        (
            "posterior of the wrong t",
            "above.double()[None], torch.tensor([t + 1])",
            "above.double()[None], torch.tensor([t])",
        ),
        (
            "the octave costs nothing",
            "edges = _octaves(t, codec)\n    writer.put(edges[octave]",
            "edges = _octaves(t, codec)\n    octave and writer.put(edges[octave]",
        ),
        ("the message one bit short", ">> excess)) + 1) << excess", ">> excess))) << excess"),
        (
            "expected bits in the order of T",
            "torch.cat([bound.terms.mean(0), bound.prior.mean().view(1)])",
            "torch.cat([bound.prior.mean().view(1), bound.terms.mean(0)])",
        ),
        ("KL in nats", "log_variance_p).sum().item() / NATS_PER_BIT", "log_variance_p).sum().item()"),
    ],
    "random_coding": [
        ("importance weights upside down", "q.log_prob(x) - p.log_prob(x)", "p.log_prob(x) - q.log_prob(x)"),
        ("one seed for all lines", "manual_seed(t)", "manual_seed(0)"),
        ("KL in nats", "kl_divergence(q, p).sum() / NATS_PER_BIT", "kl_divergence(q, p).sum()"),
        ("x0 not at its level", "(shared.levels - 1) / 2).round()", "shared.levels / 2).round()"),
    ],
}


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess:
    """A Python command whose `ddpm_notes` is the one in `folder`."""
    settings = {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env={**os.environ, **settings}, capture_output=True, text=True
    )


def run_tests(folder: Path, tests: str) -> subprocess.CompletedProcess:
    options = ["-x", "-q", "--import-mode=importlib", "-p", "no:cacheprovider", "--tb=no"]
    return run(["-m", "pytest", *options, str(TESTS / tests)], folder)


def fate(folder: Path, module: str, right: str, broken: str, tests: str) -> tuple[bool, str]:
    """Whether a test kills the mutant, and what to say of it."""
    path = folder / "ddpm_notes" / f"{module}.py"
    source = path.read_text(encoding="utf-8")
    if source.count(right) != 1:
        return False, f"STALE: the snippet occurs {source.count(right)} times in {path.name}: {right!r}"
    path.write_text(source.replace(right, broken), encoding="utf-8")
    result = run_tests(folder, tests)
    path.write_text(source, encoding="utf-8")
    if result.returncode == 0:
        return False, f"SURVIVED {tests}"
    failed = re.search(r"^FAILED \S+::(\S+)", result.stdout, re.MULTILINE)
    if result.returncode != 1 or failed is None:
        return False, f"NO VERDICT: {tests} could not run\n{result.stdout[-2000:]}{result.stderr[-1000:]}"
    return True, f"killed by {failed[1]}"


def main(only: list[str]) -> int:
    mutants = [(module, *mutant) for module in only or MUTANTS for mutant in MUTANTS[module]]
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        folder = Path(name)
        for part in ("ddpm_notes", TESTS, CHECKPOINTS):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        found = run(["-c", "import ddpm_notes; print(ddpm_notes.__file__)"], folder).stdout
        if not Path(found).is_relative_to(folder.resolve()):
            print(f"the copy in {folder} is not what the tests import, but {found.strip()}")
            return 1
        alive, started = 0, time.monotonic()
        for number, (module, what, right, broken, *tests) in enumerate(mutants, 1):
            killed, verdict = fate(folder, module, right, broken, tests[0] if tests else f"test_{module}.py")
            alive += not killed
            seconds = time.monotonic() - started
            print(f"[{number}/{len(mutants)} {seconds:4.0f} s] {module}: {what}: {verdict}", flush=True)
    print(f"{len(mutants) - alive} of {len(mutants)} mutants killed in {seconds:.0f} s")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
