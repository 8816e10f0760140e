"""Where the benchmarks find and put things."""

from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PEERS = HERE / "peers"
BUILD = ROOT / ".build" / "bench"
