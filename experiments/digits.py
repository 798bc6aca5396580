"""Train the digits' checkpoint: `python -m ddpm_notes train --data digits`, with its provenance beside it."""

import json

from ddpm_notes.__main__ import main
from experiments.provenance import CHECKPOINTS, provenance, write_json

if __name__ == "__main__":
    origin = provenance("digits", ["ddpm_notes.data", "ddpm_notes.training", "ddpm_notes.unet"])
    out = CHECKPOINTS / "digits.safetensors"
    code = main(["train", "--data", "digits", "--steps", "12000", "--batch", "64", "--out", str(out)])
    if code == 0:
        report = out.with_suffix(".json")
        write_json(report, {**json.loads(report.read_text()), **origin})
    raise SystemExit(code)
