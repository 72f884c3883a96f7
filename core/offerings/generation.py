"""What can be generated: which base models, within which bounds, at which rates; a family each."""

import math

from pydantic import Field

from core.offerings.records import Param, Price
from core.records import Value

FEW_STEPS = "few-step"
USUAL = "usual"
AUTO = "auto"
SAMPLERS = (AUTO, USUAL, FEW_STEPS)
"""`auto` takes what the LoRAs were made for."""
GENERATION_PARAMS = ("width_px", "height_px", "steps", "guidance_scale", "count", "sampler")
"""What the worker reads, and so what a family names: these and no others."""
SIZE_STEP_PX = 8


class GenerationOffer(Value):
    """What can be generated with a family's base models."""

    family: str
    base_models: tuple[str, ...] = Field(min_length=1)
    vram_gb: float = Field(default=0, ge=0)
    max_loras: int = Field(default=4, ge=0, le=16)
    price: Price
    params: tuple[Param, ...]

    @property
    def name(self) -> str:
        """What it is called in an error."""
        return f"A picture with {self.family}"

    @property
    def needed_gb(self) -> int | None:
        """How much memory a worker must have, in whole GB; None: any has enough."""
        return math.ceil(self.vram_gb) or None

    def find_param(self, name: str) -> Param | None:
        return next((param for param in self.params if param.name == name), None)
