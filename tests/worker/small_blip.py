"""A BLIP with a few thousand random weights and a tokenizer of its own: the classes and files of the real one."""

from pathlib import Path

import torch
from transformers import (
    BertTokenizer,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipImageProcessorPil,
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
    with torch.no_grad():  # wide enough that pictures differ in what is said of them
        for weight in model.parameters():
            if weight.dim() > 1:
                weight.normal_(std=0.6)
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    BlipImageProcessorPil(size={"height": SIDE_PX, "width": SIDE_PX}).save_pretrained(folder)
    return folder
