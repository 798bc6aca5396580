"""`python -m ddpm_notes train | sample | evaluate | export`: see `--help`, and `commands`."""

import re
import sys

from ddpm_notes.commands.arguments import parsed
from ddpm_notes.distributed import process_group
from ddpm_notes.training_run import TrainingDiverged


def main(arguments: list[str] | None = None) -> int:
    """Run one command; errors a user can fix are one line on standard error."""
    try:
        args = parsed(sys.argv[1:] if arguments is None else arguments)
        with process_group(args.device) as device:
            args.run(args, device)
    except (ValueError, OSError, TrainingDiverged) as error:
        print(f"ddpm_notes: {error}", file=sys.stderr)
        return 1
    except (MemoryError, OverflowError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not re.search("out of memory|CPUAllocator|[Oo]verflow", str(error)):
            raise  # a fault of ours: PyTorch has no type for a CPU without memory
        told = str(error).splitlines()[0] if str(error) else "no more to be had"
        remedy = "give less, as of --batch, --width, --size, --T, --steps, --count or --images"
        print(f"ddpm_notes: out of memory, or a number is too large ({told}); {remedy}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("ddpm_notes: interrupted; the same command goes on from what it last saved", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
