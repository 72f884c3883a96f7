"""One optimiser step: batches, gradients, clipping, weights; apart from what happens between steps."""

import gc
import sys
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from worker.base_models import LoadedBase
from worker.training.denoising import compute_loss
from worker.training.encoding import Encoded
from worker.training.guards import is_out_of_memory
from worker.training.lora import list_trained
from worker.training.memory import put_aside
from worker.training.optimizers import set_rates
from worker.training.schedule import get_rate_factor
from worker.training.seeds import seed_dropout
from worker.training.settings import Settings
from worker.training.state import State
from worker.training.streams import Stream, part_streams


class Stepper:
    """Makes steps. When memory runs out once, it halves each batch and goes on with the same draws."""

    def __init__(self, base: LoadedBase, encoded: Encoded, settings: Settings) -> None:
        self._base = base
        self._settings = settings
        self._streams = part_streams(encoded, settings)
        self._modules = list_trained(base, settings)
        self._resting = (base.vae, *(() if settings.train_text_encoder else base.text_encoders))
        self._parts = 1
        if settings.gradient_checkpointing:
            _enable_checkpointing(self._modules)

    def enter_training(self) -> None:
        """Switch dropout on, and let go of what only encoding and samples need."""
        put_aside(*self._resting)
        for module in self._modules.values():
            module.train()

    def leave_training(self) -> None:
        """Switch dropout off."""
        for module in self._modules.values():
            module.eval()

    def step(self, state: State) -> Tensor:
        """Make one step, and return its loss, which is still being computed on a GPU."""
        settings, trained = self._settings, list(state.parameters.values())
        set_rates(state.optimizer, get_rate_factor(state.step, settings))
        try:
            loss = self._accumulate(state.step)
        except RuntimeError as error:
            if self._parts > 1 or settings.train_batch_size == 1 or not is_out_of_memory(error):
                raise
            loss = None
        if loss is None:  # outside of the handler, which would hold on to the failed batch
            loss = self._halve(state)
        nn.utils.clip_grad_norm_(trained, settings.max_grad_norm)
        state.optimizer.step()
        state.optimizer.zero_grad(set_to_none=True)
        state.step += 1
        return loss

    def _halve(self, state: State) -> Tensor:
        self._parts = 2
        print("out of memory: going on with half the batch, twice as often", file=sys.stderr)
        state.optimizer.zero_grad(set_to_none=True)
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        return self._accumulate(state.step)

    def _accumulate(self, step: int) -> Tensor:
        """Add up the gradients of every stream's batches of a step."""
        sums = [loss for stream in self._streams for loss in self._accumulate_stream(stream, step)]
        return sums[0] if len(sums) == 1 else torch.stack(sums).sum()

    def _accumulate_stream(self, stream: Stream, step: int) -> list[Tensor]:
        """Add up the gradients of a stream's batches, each picture of it counting the same."""
        settings = stream.settings
        chosen = stream.choose(step)
        total = sum(len(items) for _, items in chosen)
        losses = []
        for position, items in chosen:
            batch = stream.draw(position, items)
            if settings.network_dropout:
                seed_dropout(settings.seed, position)
            for part in batch.split(self._parts):
                loss = compute_loss(self._base, part, settings) / total
                loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
                losses.append(loss.detach())
        return losses


def _enable_checkpointing(modules: Mapping[str, Any]) -> None:
    """Compute activations again in the backward pass, for memory: Chen et al. 2016."""
    for name, module in modules.items():
        if name == "unet":
            module.enable_gradient_checkpointing()
        else:
            module.gradient_checkpointing_enable({"use_reentrant": False})
