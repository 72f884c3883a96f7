"""The drawn world: what is held out stays out, and the check reads what was drawn."""

from worker.tiny_sd.check import read_scene
from worker.tiny_sd.scenes import draw_scene, draw_scenes, is_held_out, list_combinations


def test_held_out_combinations_are_never_trained_on() -> None:
    trained = {
        (s.shape, s.foreground, s.background) for s in draw_scenes(20_000, 7, held_out=False)
    }
    held_out = set(list_combinations(held_out=True))
    assert trained.isdisjoint(held_out)
    assert all(is_held_out(*combination) for combination in held_out)
    assert 40 <= len(held_out) <= 80


def test_the_check_reads_true_scenes() -> None:
    scenes = draw_scenes(200, 11, held_out=True)
    right = 0
    for index, scene in enumerate(scenes):
        reading = read_scene(draw_scene(scene, index))
        seen = (reading.shape, reading.foreground, reading.background)
        right += seen == (scene.shape, scene.foreground, scene.background)
    assert right >= 198
