"""The classifiers whose features judge the samples: `python -m experiments classifier`."""

import time

from ddpm_notes.data import load
from ddpm_notes.files import write_tensors
from experiments.quality import in_parts, train_classifier
from experiments.results import provenance, write_json
from experiments.stale import CHECKPOINTS

STEPS = {"digits": 2000, "fashion-mnist": 5000}


def main() -> None:
    """Train both, note their accuracy on held-out images."""
    for name, steps in STEPS.items():
        started = time.monotonic()
        model = train_classifier(load(name, "train"), steps)
        test = load(name, "test")
        accuracy = (in_parts(model, test.x0).argmax(1) == test.labels).double().mean().item()
        out = CHECKPOINTS / f"classifier-{name}.safetensors"
        write_tensors(out, model.state_dict(), {"size": test.pixels.shape[-1]})
        about = {"steps": steps, "held_out_accuracy": accuracy, "duration": round(time.monotonic() - started, 1)}
        write_json(out.with_suffix(".json"), provenance("classifier", name) | about)
        print(f"{name}: {accuracy:.4f} of {len(test.x0)} held-out images right", flush=True)
