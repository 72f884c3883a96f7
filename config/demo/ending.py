"""How the demo ends: every figure in a file, and what lies where."""

import json
from pathlib import Path

from config.demo import figures
from config.demo.chapters import Chapter
from config.demo.conversation import SCRIPT
from config.demo.royalty import Royalty
from config.demo.screen import Screen
from config.naming import name_program


def end_story(
    summary: figures.Summary,
    chapters: dict[str, Chapter],
    royalty: Royalty,
    out: Path,
    screen: Screen,
) -> None:
    """Write the figures and say what lies where."""
    told = {**summary.to_json(), **{name: c.to_json() for name, c in chapters.items()}}
    told["royalty"] = royalty.to_json()
    text = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
    (out / "summary.json").write_text(text, "utf-8")
    times = ", ".join(f"{name} {chapter.took_s:.0f} s" for name, chapter in chapters.items())
    screen.begin_chapter(f"Done in {summary.took_s:.0f} s. What lies where")
    screen.say(f"In {out} (the story took {summary.story_s:.0f} s, {times}):")
    screen.list_files(
        [
            (out / "before-after.png", "look at this one first"),
            (out / "dreambooth.png", "one subject, with and without its word"),
            (out / "hyper-lora.png", "drawn in four steps, before and after"),
            (out / "guest.png", "what another account drew with it"),
            (out / "dataset.png", "what it was trained on"),
            (out / "loss.png", "how the loss fell"),
            (out / "lora.safetensors", "the LoRA for ComfyUI, A1111 and diffusers"),
            (out / "lora-diffusers.safetensors", "the same in diffusers' own format"),
            (out / "summary.json", "every figure"),
            (out / SCRIPT, "the same training as a conversation"),
        ]
    )
    screen.say("")
    screen.say("Next:")
    for command, what in (
        (f"{name_program()} chat --script {out.name}/{SCRIPT}", "watch that conversation"),
        ("make chat", "have one yourself"),
        ("make up", "Trainyard, to keep"),
        (f"{name_program()} token me --points 500", "an account to use it with"),
        ("make demo IMAGES=folder OUT=folder", "the same with your own pictures"),
    ):
        screen.say(f"{command:<54} {what}")
