"""Captions into what the UNet is conditioned on; one text encoder for SD 1.5, two for SDXL."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from worker.base_models import LoadedBase

Texts = dict[str, Tensor]
"""Of one text: `context` [77, D] and for SDXL `pooled` [P]; or the `tokens_n` [77] of each encoder."""


def tokenize(base: LoadedBase, texts: Sequence[str]) -> dict[str, Tensor]:
    """Turn N texts to tokens, `tokens_0` [N, 77] for the first encoder, `tokens_1` for the second."""
    return {
        f"tokens_{index}": tokenizer(
            list(texts), padding="max_length", truncation=True, max_length=77, return_tensors="pt"
        ).input_ids
        for index, tokenizer in enumerate(base.tokenizers)
    }


def encode_tokens(base: LoadedBase, tokens: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Encode tokens [N, 77] to `context` [N, 77, D] and, for SDXL, `pooled` [N, P].

    SD 1.5 takes the last layer after its norm. SDXL takes the last layer but one of both encoders,
    side by side, and the second one's projection of the end of the text.
    Source: Podell et al. 2023, section 2.1; encode_prompt of diffusers' pipelines.
    """
    ids = [
        tokens[f"tokens_{index}"].to(encoder.device)
        for index, encoder in enumerate(base.text_encoders)
    ]
    if len(ids) == 1:
        return {"context": base.text_encoder(ids[0]).last_hidden_state.float()}
    outputs = [
        encoder(one, output_hidden_states=True)
        for encoder, one in zip(base.text_encoders, ids, strict=True)
    ]
    context = torch.cat([output.hidden_states[-2] for output in outputs], dim=-1)
    return {"context": context.float(), "pooled": outputs[-1].text_embeds.float()}


def predict(base: LoadedBase, noisy: Tensor, times: Tensor, given: Mapping[str, Tensor]) -> Tensor:
    """Predict the noise (or velocity), [N, 4, h, w] -> [N, 4, h, w] in full precision.

    `given` holds `context`, and for SDXL `pooled` and `time_ids` [N, 6]; tokens are encoded first.
    """
    unet = base.unet
    first = unet.conv_in.weight  # unet.dtype walks through every module, which takes milliseconds
    device, dtype = first.device, first.dtype
    if "tokens_0" in given:
        given = {**given, **encode_tokens(base, given)}
    added = None
    if base.family.is_sdxl:
        pooled, ids = given["pooled"].to(device, dtype), given["time_ids"].to(device)
        added = {"text_embeds": pooled, "time_ids": ids}
    is_mixed = base.is_mixed or (device.type == "cuda" and dtype is torch.bfloat16)
    with torch.autocast(device.type, torch.bfloat16, enabled=is_mixed):
        predicted: Tensor = unet(
            noisy.to(device, dtype),
            times.to(device),
            given["context"].to(device, dtype),
            added_cond_kwargs=added,
        ).sample
    return predicted.float()
