"""Word lists of categories, and the emotions that texts name by them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from exprstats.contracts import require_columns
from exprstats.errors import DataError, Option, OptionError, Problem, warn_user
from exprstats.events.intervals import LABEL, check_events
from exprstats.events.readers.wordlists import read_entries
from exprstats.options import Tokens, check_word, name_nearest, take_path

# Categories of Empath that name emotions (Fast, Chen, & Bernstein, 2016); those of Kezar and Zhou
# (2022, Table 3) are among them.
EMOTIONS = (
    *("affection", "aggression", "anger", "anticipation", "cheerfulness", "confusion"),
    *("contentment", "disappointment", "disgust", "envy", "exasperation", "fear", "fun", "hate"),
    *("horror", "irritability", "joy", "love", "lust", "neglect", "negative_emotion"),
    *("nervousness", "optimism", "pain", "positive_emotion", "pride", "rage", "sadness", "shame"),
    *("suffering", "surprise", "sympathy", "timidity", "torment", "trust", "zest"),
)
_WORD = re.compile(r"[^\W_]+(?:[’'.-][^\W_]+)*")


def clean_words(text: str) -> list[str]:
    """Return the words of a text in lower case, without the punctuation around them.

    Examples
    --------
    >>> clean_words('"I was AFRAID," he said; my mother-in-law isn’t.')
    ['i', 'was', 'afraid', 'he', 'said', 'my', 'mother-in-law', "isn't"]
    """
    return [one.replace("’", "'") for one in _WORD.findall(text.lower())]


TOKENIZERS: dict[Tokens, Callable[[str], list[str]]] = {"words": clean_words, "spaces": str.split}


def read_lexicon(
    path: str | os.PathLike[str], *, categories: Sequence[str] | None = None
) -> pd.DataFrame:
    r"""Read the words of categories, of Empath, LIWC, or a list of one's own.

    Parameters
    ----------
    path
        Empath's ``categories.tsv`` (a category and its words on each line, tabs between); a LIWC
        dictionary (``.dic``) or its LIWC-22 form (``.dicx``, or the same as ``.csv``: a table of
        words by categories, marked by X or 1); NRC's EmoLex (word, category, and 1 or 0 on each
        line); a table with columns ``category`` and ``word``; or a text with a word on each line,
        whose category is the name of the file. A ``*`` stands for any ending of a word.
    categories
        Those to keep. None: of Empath's file the ones that name emotions; of others all.

    Returns
    -------
    pandas.DataFrame
        LEXICON: ``category``, ``word`` (lower case; "_" in it becomes a blank), ``prefix`` (whether
        any ending may follow).

    Raises
    ------
    DataError
        If the file cannot be read as one of these.
    OptionError
        If a category is not in it.

    References
    ----------
    Fast, E., Chen, B., & Bernstein, M. S. (2016). Empath: Understanding topic signals in
    large-scale text. *CHI '16*, 4647-4657.

    Pennebaker, J. W., Boyd, R. L., Jordan, K., & Blackburn, K. (2015). *The development and
    psychometric properties of LIWC2015*. University of Texas at Austin.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "lexicon.dic"
    >>> _ = path.write_text("%\n1\tsad\n%\ngrie*\t1\ntears\t1\n")
    >>> read_lexicon(path).to_numpy().tolist()
    [['sad', 'grie', True], ['sad', 'tears', False]]
    """
    place = take_path(path)
    pairs = list(read_entries(place))
    table = pd.DataFrame(pairs, columns=["category", "word"]).drop_duplicates()
    word = table["word"].str.replace("_", " ").str.strip().str.lower()
    ending = word.str.endswith("*")
    word = word.str.rstrip("*").str.strip()
    lexicon = table.assign(word=word, prefix=ending)[word.ne("")].drop_duplicates()
    if not len(lexicon):
        fact = "no word of the lexicon has a category."
        raise DataError(Problem(fact, "Check the file.", file=str(place)))
    return _keep_categories(lexicon, categories, place).reset_index(drop=True)


def _keep_categories(
    lexicon: pd.DataFrame, categories: Sequence[str] | None, path: Path
) -> pd.DataFrame:
    known = list(dict.fromkeys(lexicon["category"]))
    if categories is None:
        emotions = [name for name in EMOTIONS if name in known]
        # A file with most of them, and many more, is Empath's.
        kept = emotions if len(emotions) > len(EMOTIONS) / 2 and len(known) > 150 else known
    else:
        given = [categories] if isinstance(categories, str) else list(categories)
        # LIWC2015 writes "posemo (Positive Emotion)"; the first word will do.
        short = {name.partition(" (")[0]: name for name in known}
        kept = [name if name in known else short.get(name, name) for name in given]
        wrong = next((name for name in kept if name not in known), None)
        if wrong is not None:
            message = f"{path.name} has no category '{wrong}'. {name_nearest(wrong, known)}"
            raise OptionError(message, option="categories")
    return lexicon[lexicon["category"].isin(kept)]


def find_labels(
    events: pd.DataFrame,
    lexicon: pd.DataFrame,
    *,
    text: str = "translation",
    tokens: Tokens = "words",
) -> pd.DataFrame:
    """Find the categories that annotated texts name, as intervals of their own.

    A label holds from the start to the end of the text in which a word of it stands: of a
    translation the whole utterance, of a gloss the one sign.

    Parameters
    ----------
    events
        EVENTS, as from `read_events`.
    lexicon
        LEXICON, as from `read_lexicon`.
    text
        The tier whose values are texts.
    tokens
        ``"words"``: words in lower case without the punctuation around them, and phrases of
        several. ``"spaces"``: what stands between blanks, as it is, so that "afraid," and "Afraid"
        are missed (the way of the program Empath).

    Returns
    -------
    pandas.DataFrame
        EVENTS of tier ``"label"``, one for each text and category.

    Raises
    ------
    DataError
        If the tables lack columns, or no text of the tier is there.
    OptionError
        If ``tokens`` is not known.

    Warns
    -----
    DataWarning
        If no text names any category.

    Examples
    --------
    >>> events = pd.DataFrame({"utterance": ["u"], "tier": ["translation"], "start": [0.0]})
    >>> events = events.assign(end=2.0, value="How sad! I was afraid.")
    >>> lexicon = pd.DataFrame({"category": ["sad", "fear"], "word": ["sad", "afr"]})
    >>> found = find_labels(events, lexicon.assign(prefix=[False, True]))
    >>> found[["tier", "value", "end"]].to_numpy().tolist()
    [['label', 'fear', 2.0], ['label', 'sad', 2.0]]
    """
    check_word(tokens, Tokens, "tokens")
    check_events(events)
    require_columns(lexicon, ["category", "word"], "lexicon")
    texts = events[events["tier"].eq(text) & events["value"].notna()]
    if not len(texts):
        near = name_nearest(text, sorted(events["tier"].astype(str).unique()))
        fact = f"there is no text: no interval of tier '{text}' has a value. {near}"
        raise DataError(Problem(fact, ("Name the tier of texts with ", Option("text"), ".")))
    match = _compile(lexicon)
    found = texts["value"].map(lambda value: sorted(match(TOKENIZERS[tokens](str(value)))))
    labels = texts.assign(tier=LABEL, value=found).explode("value").dropna(subset="value")
    if not len(labels):
        warn_user(f"None of {len(texts):,} texts has a word of the lexicon.")
    return labels.reset_index(drop=True)


def _compile(lexicon: pd.DataFrame) -> Callable[[Sequence[str]], set[str]]:
    """Return a function from words to the categories that they name."""
    prefixed = lexicon["prefix"] if "prefix" in lexicon else pd.Series(False, index=lexicon.index)
    words: dict[str, set[str]] = {}
    begins: dict[str, set[str]] = {}
    patterns: list[tuple[re.Pattern[str], str]] = []
    for category, word, ending in zip(
        lexicon["category"], lexicon["word"].astype(str), prefixed.astype(bool), strict=True
    ):
        if "*" in word:  # within a phrase, such as "kind* of"
            parts = [re.escape(part) for part in word.split("*")]
            patterns.append((re.compile(r"\S*".join(parts) + r"\S*" * ending), category))
            continue
        (begins if ending else words).setdefault(word, set()).add(category)
    longest = max((word.count(" ") + 1 for word in lexicon["word"].astype(str)), default=1)

    def match(tokens: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for size in range(1, longest + 1):
            for place in range(len(tokens) - size + 1):
                phrase = " ".join(tokens[place : place + size])
                found |= words.get(phrase, set())
                found |= {name for pattern, name in patterns if pattern.fullmatch(phrase)}
                if begins:
                    for end in range(1, len(phrase) + 1):
                        found |= begins.get(phrase[:end], set())
        return found

    return match


def compare_tokens(
    events: pd.DataFrame, lexicon: pd.DataFrame, *, text: str = "translation"
) -> pd.DataFrame:
    """Count the texts that name each category, by cleaned words and by blanks alone.

    Parameters
    ----------
    events, lexicon, text
        As in `find_labels`.

    Returns
    -------
    pandas.DataFrame
        ``label``, ``n_words`` and ``n_spaces`` (texts with the label by each way), ``n_texts``;
        categories that neither finds are left out.

    Raises
    ------
    DataError
        As in `find_labels`.

    Examples
    --------
    >>> events = pd.DataFrame({"utterance": ["u"], "tier": ["translation"], "start": [0.0]})
    >>> lexicon = pd.DataFrame({"category": ["sad"], "word": ["sad"]})
    >>> compare_tokens(events.assign(end=2.0, value="How sad!"), lexicon).to_numpy().tolist()
    [['sad', 1, 0, 1]]
    """
    check_events(events)
    total = int((events["tier"].eq(text) & events["value"].notna()).sum())
    counts = {}
    for tokens in TOKENIZERS:
        labels = _find_quietly(events, lexicon, text, tokens)
        counts[f"n_{tokens}"] = labels["value"].value_counts()
    table = pd.DataFrame(counts).fillna(0).astype(int).rename_axis("label").sort_index()
    return table.assign(n_texts=total).reset_index()


def _find_quietly(
    events: pd.DataFrame, lexicon: pd.DataFrame, text: str, tokens: Tokens
) -> pd.DataFrame:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return find_labels(events, lexicon, text=text, tokens=tokens)
