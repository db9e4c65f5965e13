"""What every test of ours stands on."""

from __future__ import annotations

import signal

# A shell that starts a job in the background lets it ignore SIGINT, and children inherit that: no test of an interrupt could ever end.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
