"""What every test takes for granted."""

import signal

# A shell starts a job in the background with Ctrl-C ignored, and the programs under test would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
