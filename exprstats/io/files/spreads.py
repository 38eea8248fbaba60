"""Columns beside each other that are judges, items by judges, or questions about clips."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from exprstats.io.files.words import BESIDE, WORDS, fold_name, is_aside, list_words

_JUDGE = "|".join((*WORDS["rater"], "obs", "rat"))
_STATISTICS = frozenset(list_words("mean|sd|var|se|min|max|median|entropy|n|c|std"))
_SPOKEN = re.compile(rf"({_JUDGE})[_ .-]+([^\W\d_]+)")
_RATED = re.compile(r"(ratings?|bewertung|urteil|einschatzung|beurteilung|评分)[_ .-]?\d+")
# Trials and targets are numbered in other tables, too, as those of reaction times.
_CLIPS = "|".join(
    sorted({*WORDS["clip"]} - {"trial", "target", "object", "recording"}, key=len, reverse=True)
)
_MEDIA = re.compile(
    r"\b[\w-]+\.(mp4|avi|mov|m4v|mkv|wmv|webm|mpe?g|jpe?g|png|wav|mp3)\b", re.IGNORECASE
)
_NUMBERED = re.compile(
    rf"(?<![^\W_])({_CLIPS})s?[\s_#:.-]*(?:nr|no|number|nummer)?[\s_#:.]*(\d+(?!\w*[^\W_])|\d+(?=_)|[a-z]\b)"
    rf"|{_MEDIA.pattern}|^\d+(?=_q)",
    re.IGNORECASE,
)
# An id of letters and numbers after the word: "Video S01_joy".
_CLIP = re.compile(
    rf"(?<![^\W_])({_CLIPS})s?[\s_#:.-]*[\w-]*\d[\w-]*|{_MEDIA.pattern}", re.IGNORECASE
)
JUDGES = re.compile(
    rf"({_JUDGE}|j|r)[_ .-]?\d+|({_JUDGE})[_ .-]?[a-z]|({_JUDGE})[_ .-]?(one|two|three|four|five)"
)


def split_judge(name: str) -> tuple[str, str] | None:
    """Return the item and the judge that a column's name holds, such as "joy_r1" or "r1_joy".

    Examples
    --------
    >>> split_judge("joy_r1"), split_judge("rater2.joy"), split_judge("joy (Rater 1)")
    (('joy', 'r1'), ('joy', 'rater2'), ('joy', 'Rater 1'))
    """
    text = name.strip()
    if found := re.fullmatch(r"(.+?)\s*[(\[](.+)[)\]]", text):
        return (found[1], found[2]) if is_judge(found[2]) else None
    for cut in re.finditer(r"[_.\- ]+", text):
        left, right = text[: cut.start()], text[cut.end() :]
        if not (left and right):
            continue
        if is_judge(right) and not is_judge(left):
            return left, right
        if is_judge(left) and not is_judge(right):
            # "rater_1_joy": the longest start that is a judge.
            rest = re.fullmatch(r"(\d+)[_.\- ]+(.+)", right)
            longer = f"{left}{cut[0]}{rest[1]}" if rest else ""
            return (rest[2], longer) if rest and is_judge(longer) else (right, left)
    return None


def is_judge(name: str) -> bool:
    """Return whether a text is what judges are called: r1, Rater A, Beurteiler 2."""
    return JUDGES.fullmatch(fold_name(name)) is not None


def is_seat(name: str) -> bool:
    """Return whether a text numbers judges and names none: r1, score_r2, Rater A; not rater_Ada.

    Examples
    --------
    >>> is_seat("score_r2"), is_seat("rater_Ada")
    (True, False)
    """
    split = split_judge(name)
    return is_judge(split[1] if split else name) or _RATED.fullmatch(fold_name(name)) is not None


def find_pairs(names: Sequence[str], *, numbered: bool = False) -> dict[str, tuple[str, str]]:
    """Return columns that are items by judges, such as "joy_r1", with both parts.

    Every item must have the same two or more judges. Beside columns that no judge is named in, the
    judges must be called as such.

    Parameters
    ----------
    names
        Columns of numbers.
    numbered
        Whether "joy1" is an item and a judge too; of people who answer it is an item.

    Examples
    --------
    >>> find_pairs(["joy_r1", "joy_r2", "calm_r1", "calm_r2"])["calm_r2"]
    ('calm', 'r2')
    """
    pairs: dict[str, tuple[str, str] | None] = {name: split_judge(name) for name in names}
    named = {name: one for name, one in pairs.items() if one is not None}
    if _cross(named):
        return named
    if not all(pairs.values()):
        cut = {name: re.split(r"[_.\- ](?=[^_.\- ]+$)", name) for name in names}
        # Loops of Qualtrics number the columns first: "1_warm".
        turned = {name: one[::-1] if one[0].isdigit() else one for name, one in cut.items()}
        pairs = {name: (one[0], one[1]) if len(one) == 2 else None for name, one in turned.items()}
    if numbered and pairs and not any(pairs.values()):
        ends = {name: re.fullmatch(r"(.*[^\W\d_]{2})(\d+)", name.strip()) for name in names}
        pairs = {name: (end[1], end[2]) if end else None for name, end in ends.items()}
    if not pairs or not all(pairs.values()):
        return {}
    whole_pairs = {name: one for name, one in pairs.items() if one is not None}
    return whole_pairs if _cross(whole_pairs) else {}


def _cross(pairs: Mapping[str, tuple[str, str]]) -> bool:
    """Return whether each of several items has the same judges, and no statistics instead."""
    judges: dict[str, set[str]] = {}
    for item, judge in pairs.values():
        judges.setdefault(item, set()).add(judge)
    alike = {frozenset(held) for held in judges.values()}
    if len(alike) != 1 or len(judges) < 2:
        return False
    (held,) = alike
    return len(held) > 1 and not held <= _STATISTICS


def are_judges(pairs: Mapping[str, tuple[str, str]]) -> bool:
    """Return whether the second parts of pairs, as of `find_pairs`, are numbers or name judges.

    Examples
    --------
    >>> are_judges({"joy_r1": ("joy", "r1")}), are_judges({"rest_smile": ("rest", "smile")})
    (True, False)
    """
    return any(one.isdigit() or JUDGES.fullmatch(one.lower()) for _, one in pairs.values())


def asks_judges(pairs: Mapping[str, tuple[str, str]]) -> bool:
    """Return whether neither part of pairs, as of `find_pairs`, tells which the judges are.

    Examples
    --------
    >>> asks_judges({"Ada_joy": ("Ada", "joy")}), asks_judges({"film1_Ada": ("film1", "Ada")})
    (True, False)
    """
    clips = all(_NUMBERED.search(item) for item, _ in pairs.values())
    return bool(pairs) and not are_judges(pairs) and not clips


def _is_spoken(name: str) -> bool:
    """Return whether a name is a judge's own: rater_Ada, R_Ben; and not a fact such as rater_id."""
    if re.fullmatch(r"R[_.-][A-Z][a-z]+", name.strip()):
        return True
    found = _SPOKEN.fullmatch(fold_name(name))
    fact = found is not None and (found[2] in BESIDE or is_aside(found[2]))
    return found is not None and not fact


def find_loops(names: Sequence[str], labels: Sequence[str] = ()) -> dict[str, tuple[str, str]]:
    """Return columns of a questionnaire that ask the same about each of some clips, with both.

    Parameters
    ----------
    names
        Columns.
    labels
        What a row below the names says of each, as exports of survey programs have it.

    Returns
    -------
    dict of str to tuple
        Column to the clip and the question, which is "rating" where there is one.

    Examples
    --------
    >>> find_loops(["age", "Film 1 [warm]", "Film 1 [sad]", "Film 2 [warm]", "Film 2 [sad]",
    ...             "Film 3 [warm]", "Film 3 [sad]"])["Film 3 [sad]"]
    ('Film 3', 'sad')
    >>> find_loops(["How open is video 1?", "How open is video 2?", "How open is video 3?"])
    {'How open is video 1?': ('video 1', 'rating'), 'How open is video 2?': ('video 2', 'rating'), \
'How open is video 3?': ('video 3', 'rating')}
    """
    for texts in (labels, names):
        for split in (_split_bracket, _split_file, _split_number, _split_token):
            parts = [split(text) for text in texts]
            found = {n: one for n, one in zip(names, parts, strict=False) if one is not None}
            if (loops := _keep_whole(found)) and len({*loops.values()}) == len(loops):
                return loops
    return {}


def _split_bracket(text: str) -> tuple[str, str] | None:
    """Return clip and question of "Film 1: how is she? [warm]"."""
    found = re.fullmatch(r"(.*\S)\s*\[([^\[\]]+)\]\s*", text, re.DOTALL)
    coded = found is not None and re.fullmatch(r"[^\W\d]{1,8}[_ .-]?\d+", found[1])
    if found is None or (_CLIP.search(_bare(found[1])) is None and not coded):
        return None
    return found[1], found[2]


def _split_file(text: str) -> tuple[str, str] | None:
    return _cut_clip(text, _MEDIA)


def _split_number(text: str) -> tuple[str, str] | None:
    return _cut_clip(text, _NUMBERED)


def _split_token(text: str) -> tuple[str, str] | None:
    return _cut_clip(text, _CLIP)


def _cut_clip(text: str, pattern: re.Pattern[str]) -> tuple[str, str] | None:
    found = pattern.search(_bare(text))
    if found is None:
        return None
    start, end = found.span()
    return text[start:end], f"{text[:start]} {text[end:]}"


def _bare(text: str) -> str:
    """Return a text without accents, letter for letter."""
    return "".join(unicodedata.normalize("NFD", one)[0] for one in text)


def _keep_whole(found: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Return columns of three clips or more, all with the same questions, without what is common.

    Columns of clips that lack a question are no loops.
    """
    plain = {n: (clip, _strip_question(question)) for n, (clip, question) in found.items()}
    asked = _group(plain)
    if not asked:
        # Numbers of questions may be those of the clips: "Q01. How warm? [Film 1]".
        plain = {n: (clip, re.sub(r"\d+", "", question)) for n, (clip, question) in plain.items()}
        asked = _group(plain)
    if not asked:
        return {}
    words = {clip: clip.split() for clip in asked}
    # What all clips end in is the question, and no part of their ids.
    while all(len(one) > 1 for one in words.values()) and len({w[-1] for w in words.values()}) == 1:
        words = {clip: one[:-1] for clip, one in words.items()}
    single = len(next(iter(asked.values()))) == 1
    return {
        name: (" ".join(words[clip]).strip(" :.-_"), "rating" if single else question)
        for name, (clip, question) in plain.items()
    }


def _group(pairs: Mapping[str, tuple[str, str]]) -> dict[str, set[str]]:
    """Return the questions about each clip, if all of three or more clips have the same."""
    asked: dict[str, set[str]] = {}
    for clip, question in pairs.values():
        asked.setdefault(clip, set()).add(question)
    alike = len({frozenset(held) for held in asked.values()}) == 1
    return asked if alike and len(asked) > 2 else {}


def _strip_question(text: str) -> str:
    """Return the words of a question; what all columns say comes before a dash or a colon."""
    words = re.sub(r"\s+_|_\s+|\s+", " ", text).strip(" _:.-–—#()")
    return re.split(r"\s[-–—]\s|:\s", words)[-1].strip(" _:.-–—#()")


def find_judges(names: Sequence[str]) -> tuple[str, ...]:
    """Return columns that are judges of one item: called r1, r2, or score_r1, score_r2.

    Examples
    --------
    >>> find_judges(["clip", "juge1", "juge2"]), find_judges(["score_r1", "score_r2", "age"])
    (('juge1', 'juge2'), ('score_r1', 'score_r2'))
    """
    for is_one in (
        is_judge,
        _is_spoken,
        lambda name: _RATED.fullmatch(fold_name(name)) is not None,
    ):
        if len(alone := tuple(name for name in names if is_one(name))) > 1:
            return alone
    paired = {name: found[0] for name in names if (found := split_judge(name))}
    one = len(set(paired.values())) == 1 and len(paired) > 1
    return tuple(paired) if one else ()
