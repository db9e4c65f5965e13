"""What a page costs: `python -m web.measure`, in the folder tests, writes pages of some sizes, opens them in Chromium, prints figures."""

from __future__ import annotations

import gzip
import sys
import tempfile
import time
from pathlib import Path

from web.chromium import look
from writers import records

from zeroweight.writers import page

SIZES = (0, 1, 200, 5_000)


def main() -> None:
    """Print a line for each size: bytes, bytes when packed, processor seconds to write, seconds until Chromium has loaded it."""
    with tempfile.TemporaryDirectory() as name:
        folder, written = Path(name), {}
        for number in SIZES:
            record, began = records.many(number, bodies=min(number, 200)), time.process_time()
            page.write(record, folder / f"large-{number}.html")
            written[number] = time.process_time() - began
        seen = look(folder, [f"large-{number}" for number in SIZES])
        for number in SIZES:
            made = (folder / f"large-{number}.html").read_bytes()
            sizes = f"{len(made):9,} bytes, {len(gzip.compress(made)):7,} packed"
            opened = seen[f"large-{number}"]["seconds"]
            sys.stdout.write(f"{number:5,} findings: {sizes}, written in {written[number]:.2f} CPU s, loaded in {opened:.2f} s\n")


if __name__ == "__main__":
    main()
