"""Training further: what must hold of an earlier model before a training may start from its weights."""

from dataclasses import dataclass

from core.accounts.records import Principal
from core.errors import InvalidError
from core.jobs.records import Job, StoredFile
from core.models.records import TrainedModel
from core.models.service import Models
from core.offerings.records import Offering, Output, ParamValue, StartWeights, TrainingSpec
from core.offerings.service import TrainingWishes
from core.ports import Documents

WEIGHTS_FILE = "lora-diffusers.safetensors"
"""A LoRA's file that a training can start from; a whole model has none."""
_SHAPE: dict[str, ParamValue] = {
    "rank": 0,
    "target_modules": "attention",
    "train_text_encoder": False,
}
"""Settings that decide which tensors there are, with what trainings had that were bought before them."""


@dataclass(frozen=True)
class Start:
    """An earlier LoRA, and the settings that it was trained with."""

    model: TrainedModel
    file: StoredFile
    spec: TrainingSpec

    def fill(self, wishes: TrainingWishes, offering: Offering) -> TrainingWishes:
        """Let the earlier training decide what nobody asked for otherwise: the LoRA's shape and strength.

        Raises InvalidError when the offering yields no LoRA of the same family.
        """
        if offering.output is not Output.LORA:
            raise InvalidError(
                f"{offering.name} trains a whole model, which cannot start from a LoRA; choose an "
                "offering that yields a LoRA.",
                field="start_from",
            )
        if offering.family != self.model.family:
            raise InvalidError(
                f"“{self.model.name}” is for {self.model.family}, and {offering.name} is for "
                f"{offering.family}; choose an offering of the same family.",
                field="start_from",
            )
        taken = {**self._get_shape(), "network_alpha": self.spec.params["network_alpha"]}
        known = {name: value for name, value in taken.items() if offering.find_param(name)}
        return wishes.model_copy(update={"params": {**known, **wishes.params}})

    def put_into(self, spec: TrainingSpec) -> TrainingSpec:
        """Pin the weights in a specification. Raises InvalidError when they do not fit its settings."""
        for name, value in self._get_shape().items():
            if spec.params.get(name, _SHAPE[name]) != value:
                shown = str(value).lower()
                raise InvalidError(
                    f"“{self.model.name}” was trained with {name}={shown}, and training it further "
                    f"takes the same: set {name}={shown}.",
                    field=f"params.{name}",
                )
        start = StartWeights(model=self.model.id, key=self.file.key, sha256=self.file.sha256)
        return spec.model_copy(update={"start": start})

    def _get_shape(self) -> dict[str, ParamValue]:
        return {name: self.spec.params.get(name, usual) for name, usual in _SHAPE.items()}


async def find_start(
    models: Models, jobs: Documents[Job], principal: Principal, model_id: str
) -> Start:
    """Find one's own LoRA to start from: what comes of it holds its weights, which others may not have.

    Raises NotFoundError, ForbiddenError for somebody else's, or InvalidError for a whole model."""
    model = await models.get_own(principal, model_id)
    file = model.find_file(WEIGHTS_FILE)
    if file is None:
        raise InvalidError(
            f"“{model.name}” is no LoRA, and only a LoRA can be trained further.",
            field="start_from",
        )
    return Start(model, file, (await jobs.get(model.provenance.job)).training)
