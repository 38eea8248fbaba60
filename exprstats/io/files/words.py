"""Words in names of columns, in answers and in rows of totals, in the languages of laboratories."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

IDS = ("clip", "rater", "subject", "context", "item", "model")
# The column that names the file of each row, where files are read as one table.
FROM_FILE = "from_file"
# Names of columns come again in each question about a table, and words in its cells.
_remember = lru_cache(maxsize=10_000)


def list_words(text: str) -> tuple[str, ...]:
    """Return words or phrases that bars separate."""
    return tuple(text.split("|"))


# Without accents, as `split_name` gives them: English, German, French, Spanish, Italian, Turkish,
# Chinese.
WORDS = {
    "clip": list_words(
        "clip|video|stimulus|segment|image|vid|picture|photo|"
        "stimuli|stim|film|filmclip|videoclip|stimulusitem|stimulusfile|videofile|mediafile|"
        "ausschnitt|sequenz|reiz|bild|foto|aufnahme|szene|stimulusid|extrait|sequence|"
        "estimulo|imagen|filmato|immagine|klip|uyaran|片段|视频|刺激|图片|fragment|trecho|"
        "nagranie|видео|клип|動画|영상|"
        "filmklipp|klipp|movie|moviefile|excerpt|scene|clipname|videoname|stimulusname|"
        "filename|target|object|recording|trial"
    ),
    "rater": list_words(
        "rater|worker|judge|coder|annotator|observer|crowdworker|evaluator|assessor|"
        "reviewer|grader|scorer|examiner|expert|labeler|labeller|beurteiler|beurteilerin|"
        "bewerter|bewerterin|urteiler|kodierer|codierer|beobachter|gutachter|experte|prufer|"
        "raterin|juge|evaluateur|observateur|codeur|evaluador|juez|observador|codificador|"
        "calificador|valutatore|giudice|osservatore|degerlendirici|puanlayici|gozlemci|"
        "hakem|avaliador|anotador|juiz|beoordelaar|bedomare|bedommer|vurderer|kodare|sedzia|оценщик|эксперт|評定者|評価者|"
        "평가자|评分者|评价者|评分员|评委|编码者|观察者|"
        "yourinitials|yourname|yourid|yourcode|ihrname|ihreinitialen|ihrkürzel|ihrcode|votrenom|"
        "vosinitiales|sunombre|susiniciales"
    ),
    "subject": list_words(
        "subject|participant|person|dyad|infant|couple|actor|speaker|sender|patient|respondent|subj|ppt|"
        "proband|probanden|probandin|versuchsperson|versuchspersonen|vp|vpn|teilnehmer|"
        "teilnehmerin|sprecher|schauspieler|sujet|acteur|locuteur|sujeto|participante|"
        "soggetto|partecipante|paziente|paciente|katilimci|denek|kisi|konusmaci|"
        "proefpersoon|deelnemer|deltagare|deltaker|deltager|uczestnik|участник|参加者|被験者|참가자|被试|参与者|受试者|"
        "被试编号"
    ),
    "context": list_words(
        "context|task|condition|type|emotion|situation|category|kontext|aufgabe|bedingung|"
        "contexte|tache|condicion|contexto|tarea|condizione|kosul|gorev|durum|条件|任务|情境"
    ),
    "item": list_words(
        "item|question|scale|measure|dimension|dim|adjective|adjektiv|trait|frage|merkmal|madde|题目"
    ),
    "rating": list_words(
        "rating|score|response|answer|value|resp|bewertung|urteil|einschatzung|beurteilung|"
        "note|wert|antwort|reponse|evaluation|puntaje|puntuacion|calificacion|respuesta|"
        "punteggio|risposta|voto|val|betyg|skattning|vurdering|choice|auswahl|nota|avaliacao|oordeel|ocena|оценка|評定|"
        "評定値|評価|평점|puan|cevap|deger|评分|得分|分数"
    ),
    "model": list_words("model|method|system|wflow|workflow|algorithm|classifier|learner"),
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
BESIDE = frozenset(
    list_words(
        "id|ids|name|code|nr|no|num|number|nummer|numero|key|file|input|in|innen|kennung|kurzel|"
        "path|url|uri|label|exp|spreadsheet|private|public|external|prolific|pid|your|ihr|initials|kode|"
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
_ANSWERED = frozenset(list_words("rating|ratings|response|resp|answer|slider|judgment|judgement"))
_TRUTHS = frozenset(
    list_words(
        "truth|ytrue|truey|ytest|groundtruth|goldstandard|gold|yobs|observed|obs|yactual|truelabel"
    )
)
_PREDICTED = frozenset(
    list_words(
        "prediction|predictions|predicted|pred|preds|ypred|predy|yhat|predictedlabel|vorhersage"
    )
)
# The blendshapes of MediaPipe and ARKit, and how many of them make a table of frames.
SHAPE = (
    "brow(InnerUp|Down(Left|Right)|OuterUp(Left|Right))|cheek(Puff|Squint(Left|Right))|"
    "eye(Blink|Look(Down|In|Out|Up)|Squint|Wide)(Left|Right)|jaw(Forward|Left|Open|Right)|"
    "mouth(Close|Funnel|Left|Pucker|Right|Roll(Lower|Upper)|Shrug(Lower|Upper))|"
    "mouth(Dimple|Frown|LowerDown|Press|Smile|Stretch|UpperUp)(Left|Right)|"
    "noseSneer(Left|Right)|tongueOut|_neutral"
)
_SHAPES = 3
# A scale in the name of a column of ratings: "Rapport (1-7)".
_SCALED = re.compile(r"[(\[]\s*\d+\s*(-|–|to|bis|à|a)\s*\d+\s*[)\]]")
# Columns that programs of surveys write beside the answers, and others that are no answers.
ASIDE = re.compile(
    r"(.*[_ .])?rt([_ .]?(s|ms|sec))?|length([_ .].*)?|.*[_ ](index|row)"
    r"|.*response.?time.*|from_file|datetime|count[_ .].*|.*[_ .]trial"
    r"|(.*[_ ])?timestamp|序号|序號|番号|编号|lfd[ ._]?nr|[n#][o°ºr]?"
    r"|(.*[_ .])?id|unnamed: \d+|index|row|column_\d+|time|zeit|day|date|year|wave"
    r"|session|age|alter|edad|eta|yas|sexe?|sexo|sesso|cinsiyet|gender|geschlecht|grade|school|group|gruppe|order|seed|au\d\d_[rc].*"
    r"|.*(dauer|zeit|duree|duracion|durata|suresi)|(temps|tiempo)([_ .].*)?"
    r"|.*duration.*|.*reaction.?time.*|.*_ms|trial.*|.*time.*seconds.*|.*(_|\.|key_resp.*)rt|progress"
    r"|status|finished|location(latitude|longitude)|sc\d+|recipient.*|externalreference"
    r"|case|serial|ref|ts|mode|started|lastdata|last_?page|maxpage|q_viewer|missing|missrel|deg_time"
    r"|time(_rsi|_sum|_sum_.*|\d+)|submitdate|startdate|datestamp|.*interviewtime|(group|question)time.*"
    r"|redcap_.*|.*___\d+|.*_complete|.*_timestamp|.*\.this(n|rep|trial|index).*|.*seconds|.*lifetime.*"
    r"|.*[_ ]time|time[_ .]?(elapsed|taken|spent).*|latency|.*latency|block.*|beep.*|prompt|signal"
    r"|fold|split|part|set|repeat|iteration|frame.?rate|completed.*|second|moment|sample.?number"
)
# Rows that programs of experiments and surveys write beside those of the trials.
_TRIALS = frozenset(
    list_words(
        "practice|practise|practice trial|practice trials|practice block|attention check|"
        "attentioncheck|catch trial|tutorial|survey preview|preview|ubung|ubungen|ubungsdurchgang|"
        "ubungsblock|oefening|oefenblok|alistirma|练习|練習|연습"
    )
)
# Words that name conditions too, so that their column must be one of blocks.
_TRAINING = frozenset(
    list_words(
        "training|trening|entrainement|practica|entrenamiento|prova|treino|warmup|warm up|"
        "тренировка|probe|example|demo|attention|instructions|instruction|intro|welcome|"
        "anleitung|instruktion|consigne|instrucciones"
    )
)
_BLOCKS = frozenset(
    list_words(
        "block|blockcode|blok|bloc|bloque|blocco|bloco|phase|trialtype|trial|loop|display|screen|блок"
    )
)


def is_practice(text: str, column: str) -> bool:
    """Return whether a cell says that its row is of practice, of a check or of a preview.

    Examples
    --------
    >>> is_practice("Practice", "phase"), is_practice("training", "condition")
    (True, False)
    >>> is_practice("TRUE", "is_practice"), is_practice("FALSE", "is_practice")
    (True, False)
    >>> is_practice("0.0", "practice_trials.thisN"), is_practice("", "practice_trials.thisN")
    (True, False)
    """
    if is_practice_loop(column):
        return bool(text.strip())
    if fold_name(column) == "zone type":
        # Gorilla writes a row for each thing on the screen.
        kept = re.search(r"response|rating|slider|likert|choice|entry|^$", text.strip().lower())
        return kept is None
    name = re.sub(r"^is_?|_?(trial|row)s?$", "", fold_name(column))
    if name in _TRIALS:
        return text.strip().lower() in {"true", "1", "1.0", "yes"}
    word = re.sub(r"[\W_]+", " ", fold_name(text)).strip()
    # "PracProc", but not the name of a file.
    if re.match(r"[Pp]rac(t|tice|tise)?([A-Z_ ]\w*)?$", text.strip()):
        return True
    return word in _TRIALS or (word in _TRAINING and bool(split_name(column) & _BLOCKS))


# Words for submissions and sessions that somebody turned down or left.
REJECTED = frozenset(
    list_words(
        "rejected|returned|timed out|timed-out|screened out|abandoned|excluded|failed|incomplete|"
        "unfinished|dropout|pretest|abgelehnt|"
        "rejete|rechazado|rifiutato"
    )
)


def is_practice_loop(column: str) -> bool:
    """Return whether a column is filled in rows of practice only: "practice_trials.thisN"."""
    first, _, rest = fold_name(column).replace(".", "_").partition("_")
    return bool(rest) and first in _TRIALS


# Columns that programs make of videos: features, and never what is to be predicted.
TRACKED = re.compile(
    r"AU\d\d(?!_\d+$).*|(gaze|pose|head|eye|points|pitch|yaw|roll|au|blink)[_ ].*"
    r"|.*_(displacement|velocity)"
    r"|valid_share|mean_confidence|gaps|face_switches"
    # Blendshapes of ARKit and MediaPipe.
    r"|(?-i:(brow|cheek|eye|jaw|mouth|nose)[A-Z]\w+|tongueOut|_neutral)",
    re.IGNORECASE,
)
TARGETS = ("target", "outcome", "criterion", "y", "dv")
# Of rows and columns; the short ones may be names, so that their numbers must agree.
TOTALS = frozenset(
    list_words(
        "total|totals|grand total|sum|mean|average|avg|sd|std|std. dev.|std dev|st. dev.|"
        "standard deviation|variance|mw|summe|gesamt|insgesamt|gesamtsumme|mittelwert|mittel|"
        "durchschnitt|standardabweichung|moyenne|somme|ecart-type|ecart type|media|promedio|"
        "suma|toplam|ortalama|合计|总计|平均|平均值|overall|subtotal|column total|totale|somma"
    )
)


@_remember
def fold_name(text: str) -> str:
    """Return a text in lower case without accents.

    Examples
    --------
    >>> fold_name("Değerlendirici"), fold_name("Ausprägung")
    ('degerlendirici', 'auspragung')
    """
    plain = unicodedata.normalize("NFKD", text.replace("ı", "i").replace("ß", "ss"))
    return "".join(one for one in plain if not unicodedata.combining(one)).lower().strip()


@_remember
def squeeze_name(name: str) -> str:
    """Return a name's letters and digits alone, in lower case."""
    return re.sub(r"[\W_]", "", str(name).lower())


@_remember
def split_name(name: str) -> frozenset[str]:
    """Return the words of a column's name that tell its role.

    Examples
    --------
    >>> "subject" in split_name("subjectNr"), "probanden" in split_name("Probandennummer")
    (True, True)
    """
    spaced = fold_name(re.sub(r"([^\W\d_A-Z])([A-Z])", r"\1 \2", name))
    parts = {part for part in re.split(r"[\W\d_]+", spaced) if part}
    parts |= {_COMPOUND.sub("", one) for one in parts if len(parts) == 1} - {""}
    # A name such as rating_date or task_order only mentions a role.
    whole = {part for part in parts if len(parts - {part}) == 0 or parts - BESIDE <= {part}}
    return frozenset(whole or (parts if len(parts) == 2 and _is_compound(parts) else ()))


def _is_compound(parts: set[str]) -> bool:
    """Return whether of two texts one is the other without its ending, as of a compound."""
    short, long = sorted(parts, key=len)
    return long.startswith(short) and _COMPOUND.sub("", long) == short


@_remember
def is_aside(name: str) -> bool:
    """Return whether a column's name is that of ids, times, people's facts or a survey program.

    Examples
    --------
    >>> [name for name in ("Durée", "Blickdauer", "temps", "pressure", "item_id") if is_aside(name)]
    ['Durée', 'Blickdauer', 'temps', 'item_id']
    """
    return ASIDE.fullmatch(fold_name(name)) is not None


@_remember
def is_answer(name: str) -> bool:
    """Return whether a column is called as that of answers: "Answer.warm", "slider.response".

    Examples
    --------
    >>> [one for one in ("slider_warm.response", "SliderValue", "warm.rt") if is_answer(one)]
    ['slider_warm.response', 'SliderValue']
    """
    text = fold_name(name)
    if is_aside(name):
        return False
    dotted = text.startswith(("answer.", "answer_", "answer ")) or text.endswith(".response")
    parts = re.split(r"[\W\d_]+", fold_name(re.sub(r"([a-z])([A-Z])", r"\1 \2", name)))
    return dotted or bool({*parts} & _ANSWERED) or bool(split_name(name) & {*WORDS["rating"]})


def is_truth(name: str) -> bool:
    """Return whether a column of this name holds what models were to predict.

    Examples
    --------
    >>> [name for name in ("truth", "Y_true", "Ground truth", "true_smile") if is_truth(name)]
    ['truth', 'Y_true', 'Ground truth']
    """
    return squeeze_name(name) in _TRUTHS


def holds_shapes(names: Iterable[str]) -> bool:
    """Return whether columns hold blendshapes of a face, as MediaPipe and ARKit call them.

    Examples
    --------
    >>> holds_shapes(["jawOpen", "mouthSmileLeft", "browInnerUp"])
    True
    >>> holds_shapes(["eyeContact", "mouthOpen", "browRaise"])  # questions of a scale
    False
    """
    return sum(re.fullmatch(SHAPE, str(name)) is not None for name in names) >= _SHAPES


def is_prediction(name: str) -> bool:
    """Return whether a column of this name holds what a model predicts.

    Examples
    --------
    >>> [name for name in ("y_pred", "yhat", "pred_time") if is_prediction(name)]
    ['y_pred', 'yhat']
    """
    return squeeze_name(name) in _PREDICTED


def is_model(name: str) -> bool:
    """Return whether a column of this name tells models apart."""
    return bool(split_name(name) & {*WORDS["model"]})


def is_rated(name: str) -> bool:
    """Return whether a column is called as mean ratings are, among measures.

    Examples
    --------
    >>> [name for name in ("Valence_rating", "Rapport (1-7)", "smile") if is_rated(name)]
    ['Valence_rating', 'Rapport (1-7)']
    """
    parts = {one for one in re.split(r"[\W\d_]+", fold_name(name)) if one}
    return bool(parts & {*PLAIN, "rated", "human"}) or _SCALED.search(name) is not None


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
