"""Other trigger words for a model, with the old ones kept where others know them."""

from core.models.records import ModelAccess, OldWord, TrainedModel
from core.models.words import read_keys

MAX_OLD_WORDS = 8
"""Beyond it the oldest are forgotten."""


def retrigger(model: TrainedModel, words: tuple[str, ...]) -> TrainedModel:
    """Return the model with these trigger words; what its weights know stays as it was trained."""
    phrases = {read_keys(word) for word in words}
    gone = [word for word in model.trigger_words if read_keys(word) not in phrases]
    old = [o for o in model.old_words if read_keys(o.word) not in phrases]
    if model.access is not ModelAccess.PRIVATE:
        old += [OldWord(word=word, now=words[0]) for word in gone]
    now = {read_keys(word): word for word in words}
    kept = [
        o if read_keys(o.now) in now else o.model_copy(update={"now": words[0]})
        for o in old[-MAX_OLD_WORDS:]
    ]
    changed = tuple(words) != model.trigger_words
    return model.model_copy(
        update={
            "trigger_words": tuple(words),
            "old_words": tuple(kept),
            "trained_words": model.taught_words if changed else model.trained_words,
        }
    )
