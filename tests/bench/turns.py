"""Numbers from turns: what ran side by side is compared turn by turn, so that a busy machine cancels out."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles


def compare(over: Sequence[float], under: Sequence[float]) -> tuple[float, str]:
    """Return the median of the turns' ratios, and the range of their middle half in words."""
    ratios = [a / b for a, b in zip(over, under, strict=True)]
    return median(ratios), f"half of {len(ratios)} turns in {get_middle(ratios)}"


def get_middle(values: Sequence[float]) -> str:
    """Write the range of the middle half."""
    if len(values) < 2:
        return f"{values[0]:.2f}"
    low, _, high = quantiles(values, n=4, method="inclusive")
    return f"{low:.2f}–{high:.2f}"


def read_memory_mb(pid: int, field: str) -> float:
    """Read VmRSS (resident now) or VmHWM (its peak) of a living process, in units of 10⁶ bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ProcessLookupError(f"process {pid} has ended")
