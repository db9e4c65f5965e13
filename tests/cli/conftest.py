"""Gates on the small pair, for the tests of the command."""

from gating import gate, pairs

__all__ = ["gate", "pairs"]
