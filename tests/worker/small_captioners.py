"""Caption models of a few thousand random weights: the classes and files of the real ones."""

from pathlib import Path
from typing import Any

import torch
from transformers import (
    BertConfig,
    BertTokenizer,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipImageProcessorPil,
    GitConfig,
    GitForCausalLM,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
    ViTConfig,
)

WORDS = ("a", "an", "the", "red", "blue", "green", "flag", "cat", "house", "tree", "with", "on")
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_VOCABULARY = len(_SPECIAL) + len(WORDS)
SIDE_PX = 32


def save_small_blip(folder: Path) -> Path:
    """Write the model into a folder, as a hub repository has it."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join((*_SPECIAL, *WORDS)) + "\n")
    tokenizer = BertTokenizer(str(vocabulary))
    layers = {"hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2}
    config = BlipConfig(
        text_config={
            **layers,
            "num_hidden_layers": 2,
            "encoder_hidden_size": 16,
            "vocab_size": _VOCABULARY + 1,
            "max_position_embeddings": 80,
            "projection_dim": 16,
            "pad_token_id": 0,
            "bos_token_id": _VOCABULARY,  # as in the real one, no token of the tokenizer's
            "eos_token_id": 3,
            "sep_token_id": 3,
        },
        vision_config={**layers, "num_hidden_layers": 2, "image_size": SIDE_PX, "patch_size": 8},
        projection_dim=16,
        image_text_hidden_size=16,
    )
    torch.manual_seed(7)
    model = BlipForConditionalGeneration(config)
    _save(model, folder)
    tokenizer.save_pretrained(folder)
    BlipImageProcessorPil(size={"height": SIDE_PX, "width": SIDE_PX}).save_pretrained(folder)
    return folder


def save_small_git(folder: Path) -> Path:
    """Write a GIT of random weights with the same tokenizer and pictures."""
    save_small_blip(folder)
    layers = {"hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2}
    config = GitConfig(
        **layers,
        num_hidden_layers=2,
        vocab_size=_VOCABULARY,
        max_position_embeddings=80,
        pad_token_id=0,
        bos_token_id=2,
        eos_token_id=3,
        vision_config={**layers, "num_hidden_layers": 2, "image_size": SIDE_PX, "patch_size": 8},
    )
    torch.manual_seed(7)
    _save(GitForCausalLM(config), folder)
    return folder


def save_small_pair(folder: Path) -> Path:
    """Write a vision encoder and a text decoder of random weights, as one model."""
    save_small_blip(folder)
    layers = {"hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2}
    encoder = ViTConfig(**layers, num_hidden_layers=2, image_size=SIDE_PX, patch_size=8)
    decoder = BertConfig(**layers, num_hidden_layers=2, vocab_size=_VOCABULARY)
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder)
    config.decoder_start_token_id, config.pad_token_id, config.eos_token_id = 2, 0, 3
    torch.manual_seed(7)
    _save(VisionEncoderDecoderModel(config=config), folder)
    return folder


def _save(model: Any, folder: Path) -> None:  # transformers is untyped
    with torch.no_grad():  # wide enough that pictures differ in what is said of them
        for weight in model.parameters():
            if weight.dim() > 1:
                weight.normal_(std=0.6)
    model.save_pretrained(folder)
