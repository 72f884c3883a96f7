"""The captioning child's side: an image-to-text model, loaded from safetensors only, never remote code."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from safetensors import SafetensorError
from transformers import AutoConfig, AutoImageProcessor, AutoModelForImageTextToText, AutoTokenizer

from core.auto_captions.records import CaptionSpec
from core.errors import TrainingError
from worker.base_cache import hold
from worker.messages import CaptionedLine, CaptionLine, CaptionTask, StageLine
from worker.training.guards import is_out_of_memory
from worker.training.report import StoppedError, Tell

KNOWN_TYPES = ("blip", "git", "vision-encoder-decoder")
"""Models that say what is on a picture without being asked a question first."""
_MAX_NEW_TOKENS = 40


def write_captions(task: CaptionTask, tell: Tell, should_stop: Callable[[], bool]) -> None:
    """Caption a task's pictures one after another. Raises TrainingError, StoppedError."""
    tell(StageLine(stage="loading"))
    try:
        model = CaptionModel(task.spec)
        tell(StageLine(stage="captioning"))
        for index in range(task.start, len(task.images)):
            if should_stop():
                raise StoppedError
            text = model.describe(task.folder / task.images[index].file)
            tell(CaptionLine(index=index, text=text))
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise TrainingError(
            "The worker ran out of memory with the caption model. All points were returned. An "
            "admin can name a smaller model in TRAINYARD_CAPTION_MODEL.",
            code="out_of_memory",
        ) from error
    tell(CaptionedLine())


class CaptionModel:
    """A loaded image-to-text model, on the GPU if there is one."""

    def __init__(self, spec: CaptionSpec) -> None:
        """Raise TrainingError (`caption_model_missing`, `caption_model_unfit`) with what an admin should do."""
        try:
            self._load(spec)
        except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as error:
            if getattr(error, "errno", None) == errno.ENOMEM or is_out_of_memory(error):
                raise MemoryError from error
            raise TrainingError(
                f"The caption model “{spec.caption_model}” could not be loaded. Nothing was charged. "
                "An admin can put it there, as safetensors, or correct TRAINYARD_CAPTION_MODEL.",
                code="caption_model_missing",
            ) from error

    def describe(self, file: Path) -> str:
        """Say what is on a picture: the most likely words, so that the same picture gets the same."""
        with Image.open(file) as picture:
            pixels = self._processor(images=picture.convert("RGB"), return_tensors="pt")
        values = pixels["pixel_values"].to(self._model.device, self._model.dtype)
        with torch.inference_mode():
            tokens = self._model.generate(
                pixel_values=values, max_new_tokens=_MAX_NEW_TOKENS, do_sample=False, num_beams=1
            )
        return str(self._tokenizer.decode(tokens[0], skip_special_tokens=True)).strip()

    def _load(self, spec: CaptionSpec) -> None:
        given: dict[str, Any] = {  # transformers' options
            "revision": spec.revision or None,
            "trust_remote_code": False,
        }
        if not spec.revision:
            given = {"trust_remote_code": False, "local_files_only": True}
        source = spec.caption_model
        self._hold = hold(source)
        kind = str(AutoConfig.from_pretrained(source, **given).model_type)
        if kind not in KNOWN_TYPES:
            raise TrainingError(
                f"The caption model “{source}” is of type {kind}; an admin can name one of these "
                f"types: {', '.join(KNOWN_TYPES)}. Nothing was charged.",
                code="caption_model_unfit",
            )
        is_gpu = torch.cuda.is_available()
        self._processor = AutoImageProcessor.from_pretrained(source, **given)
        self._tokenizer = AutoTokenizer.from_pretrained(source, **given)
        model = AutoModelForImageTextToText.from_pretrained(
            source,
            dtype=torch.float16 if is_gpu else torch.float32,
            use_safetensors=True,
            **given,
        )
        self._model = model.eval().requires_grad_(False).to("cuda" if is_gpu else "cpu")
