"""The tiny model's byte-pair vocabulary, made from a word list; apart because nothing is learned here."""

import json
from pathlib import Path

from transformers import CLIPTokenizer

from worker.tiny_sd.networks import TEXT_POSITIONS
from worker.tiny_sd.scenes import list_words

START, END = "<|startoftext|>", "<|endoftext|>"
_CAPTION_WORDS = (
    "the of in with and one two three many some from to by for at as is are art artwork photo "
    "photograph portrait painting sketch illustration style render digital close up view front side "
    "back full body face head eyes eye mouth smile smiling hair hat ear ears nose hand hands person "
    "people man woman girl boy child animal cat dog bird fish horse creature monster robot character "
    "toy logo icon sign flower tree grass leaf sky cloud sun moon water sea river mountain house "
    "building street car room table chair food fruit light dark bright colourful colorful soft sharp "
    "simple detailed minimal flat round pink brown grey gray gold silver cyan tiny big little new old "
    "happy sad standing sitting wearing holding looking behind front over under between outdoors "
    "indoors day night scene pattern shape shapes texture color colour low high quality best"
)


def list_byte_symbols() -> list[str]:
    """List the 256 printable symbols that stand for bytes, in vocabulary order.

    Source: Radford et al. 2019 (GPT-2's byte-level alphabet, which CLIP's tokenizer shares).
    """
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + n) for n in range(len(others))]


def make_vocabulary() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Make token ids and merges such that each known word is one token and any text has tokens."""
    symbols = list_byte_symbols()
    tokens = symbols + [f"{symbol}</w>" for symbol in symbols]
    merges: list[tuple[str, str]] = []
    known = set(tokens)
    for word in dict.fromkeys([*list_words(), *_CAPTION_WORDS.split()]):
        parts = [*word[:-1], f"{word[-1]}</w>"]
        while len(parts) > 1:  # merging from the end keeps words apart: "star" never eats "start"
            pair = (parts[-2], parts[-1])
            merged = "".join(pair)
            if merged not in known:
                known.add(merged)
                tokens.append(merged)
                merges.append(pair)
            parts[-2:] = [merged]
    tokens += [START, END]
    return {token: index for index, token in enumerate(tokens)}, merges


def build_tokenizer(folder: Path) -> CLIPTokenizer:
    """Write vocab.json, merges.txt and the tokenizer's settings, and load them."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary, merges = make_vocabulary()
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), "utf-8")
    lines = ["#version: 0.2", *(f"{left} {right}" for left, right in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", "utf-8")
    tokenizer = CLIPTokenizer(
        vocab=str(folder / "vocab.json"),
        merges=str(folder / "merges.txt"),
        unk_token=END,
        bos_token=START,
        eos_token=END,
        pad_token=END,
        model_max_length=TEXT_POSITIONS,
    )
    tokenizer.save_pretrained(folder)
    return tokenizer
