"""The drawn world: what is held out stays out, and the check reads what was drawn."""

from dataclasses import replace

from PIL import Image, ImageDraw

from worker.tiny_sd.check import Reading, read_scene
from worker.tiny_sd.measure import Score, score
from worker.tiny_sd.scenes import (
    COLOURS,
    SHAPES,
    Scene,
    draw_scene,
    draw_scenes,
    is_held_out,
    list_combinations,
)


def test_held_out_combinations_are_never_trained_on() -> None:
    trained = {
        (s.shape, s.foreground, s.background) for s in draw_scenes(20_000, 7, held_out=False)
    }
    held_out = set(list_combinations(held_out=True))
    assert trained.isdisjoint(held_out)
    assert all(is_held_out(*combination) for combination in held_out)
    assert 40 <= len(held_out) <= 80


def test_the_check_reads_true_scenes() -> None:
    scenes = draw_scenes(300, 11, held_out=True)
    pictures = [draw_scene(scene, index) for index, scene in enumerate(scenes)]
    assert score(scenes, pictures).everything >= 0.995


def test_the_check_refuses_pictures_of_something_else() -> None:
    scenes = [Scene(shape, "red", "white", size="medium") for shape in SHAPES]
    pictures = [draw_scene(scene, 5) for scene in scenes]
    others = [draw_scene(replace(scene, foreground="blue"), 5) for scene in scenes]
    assert score(scenes, pictures[1:] + pictures[:1]).shape == 0
    assert score(scenes, others) == Score(1, 0, 1, 0)


def test_the_check_sees_no_shape_on_an_empty_ground() -> None:
    assert read_scene(Image.new("RGB", (64, 64), COLOURS["green"])) == Reading(None, None, "green")


def test_the_check_tells_a_ring_from_one_whose_hole_is_filled_in() -> None:
    ring = draw_scene(Scene("ring", "black", "yellow", size="large"), 3)
    filled = ring.copy()
    ImageDraw.Draw(filled).ellipse((24, 24, 40, 40), fill=COLOURS["black"])
    assert (read_scene(ring).shape, read_scene(filled).shape) == ("ring", "circle")
