"""What can be given to `python -m ddpm_notes`, and what its help says."""

import argparse
from pathlib import Path
from typing import Any, get_args

from ddpm_notes.commands.evaluate import evaluate_command
from ddpm_notes.commands.export import export_command
from ddpm_notes.commands.sample import sample_command
from ddpm_notes.commands.settings import FASTEST, RECIPES, SCHEDULES, arguments_of
from ddpm_notes.commands.train import train_command
from ddpm_notes.engines import ENGINES
from ddpm_notes.own_data import Fit
from ddpm_notes.parameterizations import TO_EPS
from ddpm_notes.precision import PRECISIONS
from ddpm_notes.reverse import Variance
from ddpm_notes.training_run import Loss, TrainingConfig
from ddpm_notes.unet import CIFAR10

DESCRIPTION = """Train a diffusion model, sample from it, evaluate its bound.

  python -m ddpm_notes train --data digits                             # about an hour on one core
  python -m ddpm_notes sample --checkpoint digits.safetensors          # writes samples.png
  python -m ddpm_notes evaluate --checkpoint digits.safetensors        # writes report.json

A GPU is used where there is one. Several processes share the work if torchrun starts them:

  torchrun --nproc-per-node 2 -m ddpm_notes train --data cifar10
"""

TRAIN = """
DATA is digits, fashion-mnist or cifar10; or a folder of pictures; or an .npz with one array of images, uint8. It
decides the U-Net and the settings, as far as none is given here or by --config. For images of your own they are the
paper's for CIFAR10, but for flips; from 128 pixels on its U-Net for LSUN, without dropout, and from 256 pixels on its
batch of 64 and rate of 2e-5; on a CPU give smaller --width, --steps:

{table}

Writes OUT, the network with averaged weights (EMA); OUT's .last.safetensors, the network itself; OUT's .json, the
settings and the loss; OUT's .toml, the configuration that repeats the run; and, while it runs, OUT's .state. An
interrupted run saves at once. It goes on from the state when the same command is given again, even after it was
killed, to the same bits (on a CPU, with the same number of threads).

The loss it shows is, unless --loss says otherwise, L_simple, Eq. (14), as a mean over pixels: 1 at the start (the
network predicts 0), far below soon after, and then nearly flat while the samples still improve.

examples:
  python -m ddpm_notes train --data digits --steps 500 --ema-ramp --out first.safetensors
  python -m ddpm_notes train --data pictures/ --size 32 --fit crop --width 32 --steps 20000 --batch 32
  python -m ddpm_notes train --config first.toml --seed 1 --out second.safetensors
  python -m ddpm_notes train --data cifar10                      # the paper's run; hours on a good GPU, months here
  torchrun --nproc-per-node 2 -m ddpm_notes train --data cifar10 # the same batches, half on each of two GPUs
"""

SAMPLE = """
Starts from noise x_T and takes T steps of the reverse process. Image i of a seed is the same whatever COUNT is, on
any device and for any number of processes, to within rounding. A .png shows all samples
in a grid; an .npz holds the array "samples", (COUNT, channels, height, width), values 0..255. An interrupted
command saves at once, in OUT.parts, and goes on when it is given again.

examples:
  python -m ddpm_notes sample --checkpoint digits.safetensors --count 16 --seed 1
  python -m ddpm_notes sample --checkpoint digits.safetensors --steps 50 --out quick.png
  python -m ddpm_notes sample --checkpoint ddpm-cifar10-32/ --count 1000 --out cifar.npz   # weights from diffusers
"""

EVALUATE = """
For each image and each t one noise is drawn, so that a term is estimated from all images. The report gives, for
sigma_t^2 = beta_t ("beta") and beta_tilde_t ("beta_tilde"), in bits per dimension:

  prior         L_T: how far x_T is from pure noise; about 1e-5
  rate          L_1 + ... + L_T, with the prior: the bits that describe x_1 (Section 4.3)
  distortion    L_0: the bits that are left to get x_0 from x_1 exactly, Eq. (13)
  total         rate + distortion: at least the code length; the paper's CIFAR10 model has 3.75
  terms         the mean of each L_{t-1}, t = 1..T; the first is L_0

each with its mean over the images and the standard error of that mean. An interrupted
command saves at once, in OUT.parts, and goes on when it is given again.

examples:
  python -m ddpm_notes evaluate --checkpoint digits.safetensors --images 100
  python -m ddpm_notes evaluate --checkpoint ddpm-cifar10-32/ --data cifar10 --images 10000 --out cifar10.json
"""


EXPORT = """
A diffusers folder loads as `DDPMPipeline.from_pretrained(OUT)` and draws the same samples from the same noise. An
ONNX graph takes x (B, C, H, W) and the paper's t, 1..T; its metadata say what it predicts, and beta_1..beta_T.

examples:
  python -m ddpm_notes export --checkpoint digits.safetensors --to diffusers --out digits/
  python -m ddpm_notes export --checkpoint digits.safetensors --to onnx
"""


class _Parser(argparse.ArgumentParser):
    source = ""  # the file of the arguments, where they were not typed

    def error(self, message: str):
        """One line and exit 2, without the usage."""
        self.exit(2, f"ddpm_notes: {_Parser.source}{message}; see {self.prog} --help\n")


def parsed(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line; the settings of its `--config` count as if they were typed before the others."""
    parser, settings = _parser()
    args = parser.parse_args(arguments)
    if config := getattr(args, "config", None):
        typed, of_file = list(arguments or ()), arguments_of(config, settings)
        before = typed.index("train") + 1
        _Parser.source = f"{config}: "
        try:
            parser.parse_args([*typed[:before], *of_file])
        finally:
            _Parser.source = ""
        args = parser.parse_args([*typed[:before], *of_file, *typed[before:]])
    return args


def _recipe_table() -> str:
    names = ("steps", "batch", "learning_rate", "warmup", "ema", "flips", "precision")
    rows = [["", *names, "width", "dropout"]]
    own = {"your own": (CIFAR10, TrainingConfig())}
    for data, (unet, config) in (RECIPES | own).items():
        cells = [str(getattr(config, name)) for name in names]
        cells[-1] = "auto" if data in FASTEST or data in own else cells[-1]
        rows.append([data, *cells, str(unet.width), str(unet.dropout)])
    return "\n".join("  " + "".join(cell.ljust(14) for cell in row).rstrip() for row in rows)


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 on, got {text!r}")
    return int(text)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(_whole(part) for part in text.split(",") if part)


def _size(text: str) -> int | tuple[int, int]:
    match _numbers(text):
        case (side,):
            return side
        case (height, width):
            return height, width
    raise argparse.ArgumentTypeError(f"expected a number, or HEIGHT,WIDTH, got {text!r}")


def _parser() -> tuple[_Parser, set[str]]:
    """The parser, and the names of all settings of a run."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = _Parser(prog="python -m ddpm_notes", description=DESCRIPTION, formatter_class=raw)
    commands = parser.add_subparsers(required=True, metavar="train | sample | evaluate | export")

    def command(function, name: str, epilog: str) -> argparse.ArgumentParser:
        summary = function.__doc__
        sub = commands.add_parser(
            name, help=summary, description=summary, epilog=epilog, formatter_class=raw, allow_abbrev=False
        )
        sub.set_defaults(run=function, device="auto")
        if function is not export_command:
            sub.add_argument("--seed", type=_whole, default=0, help="decides everything random (default: 0)")
            sub.add_argument("--device", default="auto", help="cpu, cuda or cuda:N (default: a GPU where there is one)")
        return sub

    sub = command(train_command, "train", TRAIN.format(table=_recipe_table()))
    sub.add_argument("--config", type=Path, help="a .toml with settings, such as a run leaves behind")
    sub.add_argument("--out", help="the checkpoint to write, a .safetensors file (default: named after CONFIG or DATA)")
    settings = _add_settings(sub)

    sub = command(sample_command, "sample", SAMPLE)
    what = "a .safetensors file that train wrote, or a folder that diffusers saved"
    sub.add_argument("--checkpoint", type=Path, required=True, help=what)
    sub.add_argument("--count", type=_whole, default=64, help="samples to draw (default: 64)")
    sub.add_argument("--steps", type=_whole, help="of a chain with fewer levels, later work (default: the paper's T)")
    sub.add_argument("--variance", choices=get_args(Variance), help="sigma_t^2 (default: beta, or learned where it is)")
    _add_drawing(sub)
    sub.add_argument("--out", default="samples.png", help="a .png picture or an .npz array (default: samples.png)")

    sub = command(evaluate_command, "evaluate", EVALUATE)
    sub.add_argument("--checkpoint", type=Path, required=True, help=what)
    sub.add_argument("--data", help="whose test images; of a folder or an .npz all (default: what it was trained on)")
    sub.add_argument("--fit", choices=get_args(Fit), default="exact", help="pictures of another size (default: refuse)")
    sub.add_argument("--images", type=_whole, default=256, help="the first so many images, at least 2 (default: 256)")
    _add_drawing(sub)
    sub.add_argument("--out", default="report.json", help="the report to write (default: report.json)")

    sub = command(export_command, "export", EXPORT)
    sub.add_argument("--checkpoint", type=Path, required=True, help=what)
    sub.add_argument("--to", choices=["diffusers", "onnx"], required=True, help="for which program")
    sub.add_argument("--out", help="the folder or the .onnx file to write (default: named after CHECKPOINT)")
    return parser, settings


def _add_drawing(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--engine", choices=ENGINES, help="what runs the network (default: the fastest that is installed)")
    sub.add_argument("--precision", choices=PRECISIONS, default="float32", help="of the network (default: float32)")
    sub.add_argument("--draw-on", choices=["cpu", "device"], default="cpu", help="where noise is drawn (default: cpu)")


def _add_settings(sub: argparse.ArgumentParser) -> set[str]:
    """The options that decide a run; what is not given is left to the data set. Returns their names."""
    names = {"seed", "data", "device", "out"}
    sub.add_argument("--data", default="digits", help="the images (default: digits)")

    def setting(name: str, help: str, **options: Any) -> None:
        names.add(sub.add_argument(f"--{name}", help=help, default=argparse.SUPPRESS, **options).dest)

    flag = {"action": argparse.BooleanOptionalAction}
    setting("size", "height and width of pictures: one number, or HEIGHT,WIDTH (default: the first's)", type=_size)
    setting("channels", "1 for grey, 3 for colour (default: grey if all pictures are)", type=_whole)
    setting("fit", "what to do with a picture of another size (default: exact, refuse it)", choices=get_args(Fit))
    setting("width", "feature channels of the U-Net's first level", type=_whole)
    setting("multipliers", "the width of each level in units of WIDTH, as in 1,2,2,2", type=_numbers)
    setting("blocks", "residual blocks per level", type=_whole)
    setting("attention", "heights, in pixels, of the levels with self-attention, as in 16,8", type=_numbers)
    setting("groups", "of the group normalisation", type=_whole)
    setting("dropout", "share of features dropped in each residual block, 0..1", type=float)
    setting("T", "steps of the chain (default: 1000)", type=_whole)
    setting("schedule", "of beta_t (default: linear; rescaled is linear times 1000/T)", choices=list(SCHEDULES))
    setting("predicts", "what the network returns (default: eps)", choices=list(TO_EPS))
    setting("loss", "eps is L_simple, bound L, mean is in Table 2, x0 not (default: PREDICTS)", choices=get_args(Loss))
    setting("variance", "sigma_t^2 in --loss bound (default: beta)", choices=get_args(Variance))
    setting("steps", "gradient steps", type=_whole)
    setting("batch", "images per step, over all processes", type=_whole)
    setting("learning-rate", "Adam's, once warmed up", type=float)
    setting("warmup", "steps in which the rate rises linearly from 0", type=_whole)
    setting("ema", "decay of the averaged weights, 0..1", type=float)
    setting("ema-ramp", "raise that decay from 0, so that a short run does not average its random start", **flag)
    setting("clip", "the most that the gradient's norm may be", type=float)
    setting("flips", "mirror half of the images, left to right", **flag)
    setting("precision", "of products and convolutions; auto is the machine's fastest", choices=[*PRECISIONS, "auto"])
    setting("compile", "let torch.compile fuse a step, with a C++ compiler", **flag)
    setting("draw-on", "where random numbers are drawn: device spares a GPU copies", choices=["cpu", "device"])
    setting("save-every", "steps between states, a crash's cost (default: 500)", type=_whole)
    return names
