"""What is kept of a generation: its frozen specification, from which the same pictures can be drawn again."""

from typing import Literal

from core.offerings.generation import FEW_STEPS, USUAL
from core.offerings.records import Acceleration, BaseModel
from core.records import Value
from core.royalties.records import Claim
from core.royalties.shares import compute_pool


class Lora(Value):
    """A LoRA that is put in, pinned by its content."""

    model: str
    name: str
    owner: str
    weight: float
    is_named: bool = True
    """Whether somebody named it; else the prompt brought it in."""
    key: str
    """Of its file in kohya's format, in Blobs."""
    sha256: str


class GenerationSpec(Value):
    """One generation, frozen when it is submitted; the worker reads nothing else.

    The n-th picture, counted from 0, is drawn with seed + n, whatever else is drawn beside it.
    """

    base_model: BaseModel
    typed_prompt: str
    prompt: str
    """As it is drawn: trigger words and tags resolved."""
    negative_prompt: str
    width_px: int
    height_px: int
    steps: int
    guidance_scale: float
    scheduler: Literal["ddim", "ddim-trailing"]
    """DDIM with trailing timestep spacing goes with an acceleration LoRA."""
    acceleration: Acceleration | None = None
    """The few-step LoRA that goes under the others, at weight 1."""
    seed: int
    count: int
    loras: tuple[Lora, ...] = ()
    claims: tuple[Claim, ...] = ()
    """Whose models are used, and what each is due of `royalty_bps` of the charge."""
    royalty_bps: int = 0
    warnings: tuple[str, ...] = ()
    """What the person was told when the prompt was resolved."""

    @property
    def sampler(self) -> str:
        """The setting that draws the same way again, whatever the LoRAs were made for."""
        return USUAL if self.acceleration is None else FEW_STEPS

    def get_royalties(self, charge_points: int) -> int:
        """Get what of a charge goes to the makers of the models."""
        return compute_pool(charge_points, self.royalty_bps) if self.claims else 0
