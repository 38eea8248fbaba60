"""Words in names of columns, in answers and in rows of totals, in the languages of laboratories."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

IDS = ("clip", "rater", "subject", "context", "item", "model")


def list_words(text: str) -> tuple[str, ...]:
    """Return words or phrases that bars separate."""
    return tuple(text.split("|"))


# Without accents, as `split_name` gives them: English, German, French, Spanish, Italian, Turkish,
# Chinese.
WORDS = {
    "clip": list_words(
        "clip|video|stimulus|target|segment|object|trial|recording|image|vid|picture|photo|"
        "stimuli|stim|film|filmclip|videoclip|stimulusitem|stimulusfile|videofile|mediafile|"
        "ausschnitt|sequenz|reiz|bild|foto|aufnahme|szene|stimulusid|extrait|sequence|"
        "estimulo|imagen|filmato|immagine|klip|uyaran|片段|视频|刺激|图片|fragment|trecho|"
        "nagranie|видео|клип|動画|영상"
    ),
    "rater": list_words(
        "rater|worker|judge|coder|annotator|observer|crowdworker|evaluator|assessor|"
        "reviewer|grader|scorer|examiner|expert|labeler|labeller|beurteiler|beurteilerin|"
        "bewerter|bewerterin|urteiler|kodierer|codierer|beobachter|gutachter|experte|prufer|"
        "raterin|juge|evaluateur|observateur|codeur|evaluador|juez|observador|codificador|"
        "calificador|valutatore|giudice|osservatore|degerlendirici|puanlayici|gozlemci|"
        "hakem|avaliador|anotador|juiz|beoordelaar|sedzia|оценщик|эксперт|評定者|評価者|"
        "평가자|评分者|评价者|评分员|评委|编码者|观察者"
    ),
    "subject": list_words(
        "subject|participant|person|actor|speaker|sender|patient|respondent|subj|ppt|"
        "proband|probanden|probandin|versuchsperson|versuchspersonen|vp|vpn|teilnehmer|"
        "teilnehmerin|sprecher|schauspieler|sujet|acteur|locuteur|sujeto|participante|"
        "soggetto|partecipante|paziente|paciente|katilimci|denek|kisi|konusmaci|"
        "proefpersoon|deelnemer|uczestnik|участник|参加者|被験者|참가자|被试|参与者|受试者|"
        "被试编号"
    ),
    "context": list_words(
        "context|task|condition|type|emotion|situation|category|kontext|aufgabe|bedingung|"
        "contexte|tache|condicion|contexto|tarea|condizione|kosul|gorev|durum|条件|任务|情境"
    ),
    "item": list_words(
        "item|question|scale|measure|adjective|adjektiv|trait|frage|merkmal|madde|题目"
    ),
    "rating": list_words(
        "rating|score|response|answer|value|resp|bewertung|urteil|einschatzung|beurteilung|"
        "note|wert|antwort|reponse|evaluation|puntaje|puntuacion|calificacion|respuesta|"
        "punteggio|risposta|voto|choice|auswahl|nota|avaliacao|oordeel|ocena|оценка|評定|"
        "評定値|評価|평점|puan|cevap|deger|评分|得分|分数"
    ),
    "model": list_words("model|method|system"),
    "truth": list_words("truth|true|label|actual|gold"),
    "prediction": list_words("prediction|predicted|pred"),
}
# Those of the words for ratings that no question of a survey is called by.
PLAIN = frozenset(
    list_words(
        "rating|score|bewertung|urteil|einschatzung|beurteilung|puntaje|puntuacion|calificacion|"
        "punteggio|puan|评分|得分|分数"
    )
)
_BESIDE = frozenset(
    list_words(
        "id|ids|name|code|nr|no|num|number|nummer|numero|key|file|input|in|innen|kennung|kurzel|"
        "label|exp|spreadsheet|private|public|external|prolific|pid|your|ihr|initials|kode|"
        "codename|pseudonym"
    )
)
_COMPOUND = re.compile(r"(nummer|kennung|kurzel|code|nr|id|编号|号)$")
# Times at which the same thing is measured again: occasions, and no judges.
TIMES = frozenset(
    list_words(
        "day|days|time|timepoint|session|wave|visit|occasion|week|month|year|trial|block|age|"
        "measurement|tag|tage|zeit|zeitpunkt|welle|sitzung|woche|monat|jahr|messzeitpunkt|jour|"
        "semaine|dia|gun|zaman"
    )
)
_TRUTHS = {"truth", "ytrue", "groundtruth", "goldstandard"}
_JUDGE = "|".join((*WORDS["rater"], "obs", "rat"))
_STATISTICS = frozenset(list_words("mean|sd|var|se|min|max|median|entropy|n|c|std"))
_SPOKEN = re.compile(rf"({_JUDGE})[_ .-]+([^\W\d_]+)")
_RATED = re.compile(r"(ratings?|bewertung|urteil|einschatzung|beurteilung|评分)[_ .-]?\d+")
# Trials and targets are numbered in other tables, too, as those of reaction times.
_CLIPS = "|".join(
    sorted({*WORDS["clip"]} - {"trial", "target", "object", "recording"}, key=len, reverse=True)
)
_NUMBERED = re.compile(
    rf"\b({_CLIPS})s?[\s_#:.-]*(?:nr|no|number|nummer)?[\s_#:.]*(\d+|[a-z])\b"
    r"|\b[\w-]+\.(mp4|avi|mov|m4v|mkv|wmv|webm|mpe?g|jpe?g|png|wav|mp3)\b|^\d+(?=_q)",
    re.IGNORECASE,
)
JUDGES = re.compile(
    rf"({_JUDGE}|j|r)[_ .-]?\d+|({_JUDGE})[_ .-]?[a-z]|({_JUDGE})[_ .-]?(one|two|three|four|five)"
)
# Columns that programs of surveys write beside the answers, and others that are no answers.
ASIDE = re.compile(
    r"(.*[_ .])?id|unnamed: \d+|index|row|column_\d+|time|timestamp|zeit|day|date|year|wave"
    r"|session|age|alter|edad|eta|yas|sexe?|sexo|sesso|cinsiyet|gender|geschlecht|grade|school|group|gruppe|order|seed|rt|au\d\d_[rc].*"
    r"|.*(dauer|zeit|duree|duracion|durata|suresi)|(temps|tiempo)([_ .].*)?"
    r"|.*duration.*|.*reaction.?time.*|.*_ms|trial.*|.*time.*seconds.*|.*(_|\.|key_resp.*)rt|progress"
    r"|status|finished|location(latitude|longitude)|sc\d+|recipient.*|externalreference"
    r"|case|serial|ref|mode|started|lastdata|last_?page|maxpage|q_viewer|missing|missrel|deg_time"
    r"|time(_rsi|_sum|_sum_.*|\d+)|submitdate|startdate|datestamp|.*interviewtime|(group|question)time.*"
    r"|redcap_.*|.*_complete|.*_timestamp|.*\.this(n|rep|trial|index).*|.*seconds|.*lifetime.*"
    r"|.*[_ ]time|time[_ .]?(elapsed|taken|spent).*|latency|.*latency|block.*|beep.*|prompt|signal"
    r"|fold|split|part|set|repeat|iteration|frame.?rate|completed.*|second|moment|sample.?number"
)
# Columns that programs make of videos: features, and never what is to be predicted.
TRACKED = re.compile(
    r"AU\d\d.*|(gaze|pose|head|eye|points|pitch|yaw|roll|au|blink)[_ ].*|.*_(displacement|velocity)"
    r"|valid_share|mean_confidence|gaps|face_switches",
    re.IGNORECASE,
)
TARGETS = ("target", "outcome", "criterion", "y", "dv")
# Of rows and columns; the short ones may be names, so that their numbers must agree.
TOTALS = frozenset(
    list_words(
        "total|totals|grand total|sum|mean|average|avg|sd|std|std. dev.|std dev|st. dev.|"
        "standard deviation|variance|summe|gesamt|insgesamt|gesamtsumme|mittelwert|mittel|"
        "durchschnitt|standardabweichung|moyenne|somme|ecart-type|ecart type|media|promedio|"
        "suma|toplam|ortalama|合计|总计|平均|平均值|overall|subtotal|column total|totale|somma"
    )
)


def fold_name(text: str) -> str:
    """Return a text in lower case without accents.

    Examples
    --------
    >>> fold_name("Değerlendirici"), fold_name("Ausprägung")
    ('degerlendirici', 'auspragung')
    """
    plain = unicodedata.normalize("NFKD", text.replace("ı", "i").replace("ß", "ss"))
    return "".join(one for one in plain if not unicodedata.combining(one)).lower().strip()


def split_name(name: str) -> set[str]:
    """Return the words of a column's name that tell its role.

    Examples
    --------
    >>> split_name("subjectNr") & {"subject"}, split_name("Probandennummer") & {"probanden"}
    ({'subject'}, {'probanden'})
    """
    spaced = fold_name(re.sub(r"([^\W\d_A-Z])([A-Z])", r"\1 \2", name))
    parts = {part for part in re.split(r"[\W\d_]+", spaced) if part}
    parts |= {_COMPOUND.sub("", one) for one in parts if len(parts) == 1} - {""}
    # A name such as rating_date or task_order only mentions a role.
    whole = {part for part in parts if len(parts - {part}) == 0 or parts - _BESIDE <= {part}}
    return whole or ({*parts} if len(parts) == 2 and _is_compound(parts) else set())


def _is_compound(parts: set[str]) -> bool:
    """Return whether of two texts one is the other without its ending, as of a compound."""
    short, long = sorted(parts, key=len)
    return long.startswith(short) and _COMPOUND.sub("", long) == short


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


def is_aside(name: str) -> bool:
    """Return whether a column's name is that of ids, times, people's facts or a survey program.

    Examples
    --------
    >>> [name for name in ("Durée", "Blickdauer", "temps", "pressure", "item_id") if is_aside(name)]
    ['Durée', 'Blickdauer', 'temps', 'item_id']
    """
    return ASIDE.fullmatch(fold_name(name)) is not None


def is_truth(name: str) -> bool:
    """Return whether a column of this name holds what models were to predict.

    Examples
    --------
    >>> [name for name in ("truth", "Y_true", "Ground truth", "true_smile") if is_truth(name)]
    ['truth', 'Y_true', 'Ground truth']
    """
    return re.sub(r"[\W_]", "", str(name).lower()) in _TRUTHS


_STARTS = r"start|begin|beginn|anfang|onset|in|debut|inicio|inizio|start time|begin time|starttime"
_ENDS = r"end|ende|stop|offset|out|fin|fine|end time|stop time|endtime"
_LASTS = r"duration|dur|length|dauer|lange|duree|duracion|durata|lasts"
_UNIT = (
    r"s|secs?|seconds?|sekunden|ms|msec|milliseconds?|millisekunden|hh:mm:ss(?:[.:]m?s+)?|ss\.msec"
)
_WHEN = re.compile(
    rf"(?:(?P<of>[\w ]+)\.)?(?:(?P<start>{_STARTS})|(?P<end>{_ENDS})|(?P<duration>{_LASTS}))"
    rf"(?:\s*[-_ ]\s*|\s*[(\[]\s*|(?=ms$))?(?P<unit>{_UNIT})?[)\]]?"
)


def find_times(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return the columns of beginnings, ends and durations, each with the unit in its name.

    Of a time that a program writes in several units, seconds are taken, then clock times.

    Parameters
    ----------
    names
        Columns.

    Examples
    --------
    >>> find_times(["Behavior", "Start (s)", "Duration (ms)"])
    {'start': ('Start (s)', 's'), 'duration': ('Duration (ms)', 'ms')}
    >>> find_times(["smile.ordinal", "smile.onset", "smile.offset"])
    {'start': ('smile.onset', 'ms'), 'end': ('smile.offset', 'ms')}
    """
    found: dict[str, list[tuple[int, str, str]]] = {}
    stems = {name.partition(".")[0] for name in names if name.endswith(".ordinal")}
    for name in names:
        when = _WHEN.fullmatch(fold_name(name))
        if when is None or (when["of"] and not stems):
            continue
        # Datavyu writes milliseconds.
        unit = "ms" if when["of"] else (when["unit"] or "")
        kind = "ms" if unit.startswith("m") else "s" if unit.startswith("s") else ""
        rank = {"s": 0, "": 1, "ms": 2}[kind]
        role = next(one for one in ("start", "end", "duration") if when[one])
        found.setdefault(role, []).append((rank, name, kind))
    return {role: min(held)[1:] for role, held in found.items()}


def is_total(name: str) -> bool:
    """Return whether a row or a column is called as totals, means and the like are."""
    return fold_name(name).rstrip(":.") in TOTALS or fold_name(name) in TOTALS


def find_pairs(names: Sequence[str], *, numbered: bool = False) -> dict[str, tuple[str, str]]:
    """Return columns that are items by judges, such as "joy_r1", with both parts.

    Every item must have the same two or more judges, and there must be no other columns.

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
    pairs = {name: split_judge(name) for name in names}
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
    judges: dict[str, set[str]] = {}
    for item, judge in whole_pairs.values():
        judges.setdefault(item, set()).add(judge)
    alike = {frozenset(held) for held in judges.values()}
    if alike and next(iter(alike)) <= _STATISTICS:
        return {}
    whole = len(alike) == 1 and len(next(iter(alike))) > 1 and len(judges) > 1
    return whole_pairs if whole else {}


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
    fact = found is not None and (found[2] in _BESIDE or is_aside(found[2]))
    return found is not None and not fact


def find_shown(names: Sequence[str]) -> dict[str, str]:
    """Return columns of a questionnaire that ask one question about one clip each, with the clip.

    Parameters
    ----------
    names
        Columns of numbers.

    Examples
    --------
    >>> find_shown(["age", "How open is video 1?", "How open is video 2?", "How open is video 3?"])
    {'How open is video 1?': 'video 1', 'How open is video 2?': 'video 2', 'How open is video 3?': \
'video 3'}
    """
    found = {name: _NUMBERED.search(name) for name in names}
    shown = {name: one[0] for name, one in found.items() if one is not None}
    if len(set(shown.values())) < max(len(shown), 3):
        return {}
    asked = {re.sub(r"[\W\d]+", " ", _NUMBERED.sub("", name)) for name in shown}
    return shown if len(asked) == 1 else {}


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
