"""DreamBooth's words: the class prompt, and the trigger words before its noun; apart because both are pure."""

import re
from collections.abc import Sequence

from core.errors import InvalidError
from core.offerings.records import Offering
from core.texts import clean_text

MAX_CLASS_PROMPT_CHARACTERS = 200
PRIOR_PARAMS = frozenset({"class_images", "prior_loss_weight"})
"""Settings that only prior preservation reads."""
_ARTICLE = re.compile(r"\b(an?|the)\s+", re.IGNORECASE)
_MEDIUM = re.compile(
    r"\b(photo|photograph|picture|image|drawing|painting|portrait|sketch|illustration|render|shot)"
    r" of (?=(an?|the)\s)",
    re.IGNORECASE,
)
_VOWELS = "aeiou"


def check_class_prompt(offering: Offering, text: str) -> str:
    """Return the clean class prompt: required by DreamBooth, and empty elsewhere. Raises InvalidError."""
    clean = clean_text(text)
    if not offering.takes_class_prompt:
        if clean:
            raise InvalidError(
                f"{offering.name} takes no class prompt; only DreamBooth does.",
                field="class_prompt",
            )
        return ""
    if not any(c.isalnum() for c in clean) or len(clean) > MAX_CLASS_PROMPT_CHARACTERS:
        raise InvalidError(
            f"{offering.name} needs a class prompt of at most {MAX_CLASS_PROMPT_CHARACTERS} "
            "characters: what your subject is one of, such as “a photo of a dog”.",
            field="class_prompt",
        )
    return clean


def name_subject(triggers: Sequence[str], class_prompt: str) -> str:
    """Name the subject: the trigger words before the class noun, `a photo of a <trigger> dog`.

    The noun is what follows the article after `photo of` and its like, else the first article;
    without any it is the whole prompt, and `a` is put before. Without a class prompt the trigger
    words stand alone.
    Source: Ruiz et al. 2022, section 3.2: "a [identifier] [class noun]".
    """
    if not class_prompt:
        return ", ".join(triggers)
    words = " ".join(triggers)
    article = "an" if words[0].lower() in _VOWELS else "a"
    medium = _MEDIUM.search(class_prompt)
    found = _ARTICLE.search(class_prompt, medium.end() if medium else 0)
    if found is None:
        return f"{article} {words} {class_prompt}"
    kept = found[1] if found[1].lower() == "the" else article
    if found.start() == 0 and found[1][0].isupper():
        kept = kept.capitalize()
    return f"{class_prompt[: found.start()]}{kept} {words} {class_prompt[found.end() :]}"
