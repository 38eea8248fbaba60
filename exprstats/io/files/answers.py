"""Answers in words: their order in many languages, and texts where nothing was answered."""

from __future__ import annotations

import re
from collections.abc import Sequence

from exprstats.io.files.words import list_words

# Texts that survey programs, spreadsheets and people write where nothing was answered.
_NO_ANSWERS = frozenset(
    list_words(
        "k.a.|k. a.|keine angabe|keine antwort|nicht beantwortet|weiß nicht|weiss nicht|"
        "nicht beurteilbar|kann ich nicht beurteilen|trifft nicht auf mich zu|n/a|n.a.|n. a.|na|"
        "#n/a|#nv|#null!|#value!|#wert!|#ref!|#div/0!|#bezug!|#name?|-|--|---|–|—|?|*|null|"
        "(null)|undefined|missing|(missing)|<na>|n/d|s/d|nr|not applicable|not available|"
        "not answered|no answer|no response|don't know|dont know|do not know|cannot judge|"
        "can't judge|can't tell|cannot tell|unable to rate|prefer not to say|"
        "prefer not to answer|refused|declined|skipped|unanswered|consent_revoked|data_expired|"
        "find_failed|fit_failed|unknown|ne sait pas|sans réponse|pas de réponse|je ne sais pas|"
        "sans objet|no sabe|no contesta|ns/nc|sin respuesta|no sé|no aplica|non so|"
        "nessuna risposta|non applicabile|não sei|sem resposta|não se aplica|nie wiem|"
        "brak odpowiedzi|nie dotyczy|weet niet|weet ik niet|geen antwoord|niet van toepassing|"
        "n.v.t.|vet ej|vet inte|inget svar|bilmiyorum|cevap yok|yanıt yok|не знаю|нет ответа|无|"
        "缺失|未回答|不知道|不适用|無回答|わからない|該当なし|모름|무응답"
    )
)
# Answers to questions of how much, how often and how far one agrees, from the lowest.
SCALES = (
    list_words("absent|none|minimal|very mild|mild|moderate|marked|severe|very severe|extreme"),
    list_words("none|very low|low|rather low|medium|moderate|average|rather high|high|very high"),
    list_words("very bad|very poor|bad|poor|fair|acceptable|good|very good|excellent"),
    list_words("weak|small|slight|medium|moderate|strong|large|very strong|very large"),
    list_words("very unlikely|unlikely|neutral|likely|very likely"),
    list_words(
        "keine|kein|sehr niedrig|sehr gering|sehr schwach|niedrig|gering|schwach|leicht|mittel|"
        "mäßig|mittelschwer|hoch|stark|schwer|sehr hoch|sehr stark|sehr schwer|extrem"
    ),
    list_words("sehr schlecht|schlecht|mittelmäßig|mittel|befriedigend|gut|sehr gut"),
    list_words("aucun|très faible|faible|moyen|moyenne|modéré|modérée|fort|forte|très fort"),
    list_words(
        "ninguno|ninguna|muy bajo|muy baja|bajo|baja|medio|media|alto|alta|muy alto|muy alta"
    ),
    list_words("molto basso|molto bassa|basso|bassa|medio|media|alto|alta|molto alto|molto alta"),
    list_words("yok|çok düşük|düşük|orta|yüksek|çok yüksek"),
    list_words(
        "never|not at all|none|strongly disagree|very slightly|rarely|disagree|slightly|"
        "a little|a little bit|somewhat disagree|sometimes|somewhat|neither|"
        "neither agree nor disagree|neutral|undecided|moderately|somewhat agree|often|agree|"
        "quite a bit|quite|very|very much|very often|strongly agree|always|extremely"
    ),
    list_words(
        "nie|niemals|überhaupt nicht|gar nicht|trifft überhaupt nicht zu|"
        "trifft gar nicht zu|trifft nicht zu|stimme überhaupt nicht zu|stimme gar nicht zu|"
        "stimme nicht zu|lehne ab|selten|wenig|trifft eher nicht zu|trifft wenig zu|"
        "stimme eher nicht zu|manchmal|gelegentlich|etwas|teils/teils|teils, teils|"
        "teils teils|teilweise|weder noch|unentschieden|neutral|mittelmäßig|mittel|mäßig|"
        "trifft teilweise zu|trifft eher zu|stimme eher zu|ziemlich|oft|häufig|stark|"
        "trifft ziemlich zu|trifft zu|stimme zu|sehr|sehr stark|sehr oft|trifft völlig zu|"
        "trifft voll zu|trifft voll und ganz zu|trifft sehr zu|stimme völlig zu|"
        "stimme voll zu|stimme voll und ganz zu|immer|äußerst"
    ),
    list_words(
        "jamais|pas du tout|pas du tout d'accord|rarement|un peu|plutôt pas d'accord|"
        "parfois|quelquefois|moyennement|neutre|ni d'accord ni pas d'accord|plutôt d'accord|"
        "souvent|beaucoup|d'accord|tout à fait d'accord|toujours|énormément|extrêmement"
    ),
    list_words(
        "nunca|para nada|nada|totalmente en desacuerdo|muy en desacuerdo|rara vez|"
        "en desacuerdo|algo en desacuerdo|poco|a veces|algo|ni de acuerdo ni en desacuerdo|"
        "neutral|algo de acuerdo|a menudo|frecuentemente|de acuerdo|bastante|mucho|"
        "muy de acuerdo|siempre|totalmente de acuerdo|muchísimo"
    ),
    list_words(
        "hiçbir zaman|asla|hiç|kesinlikle katılmıyorum|nadiren|katılmıyorum|biraz|bazen|"
        "kararsızım|orta|sık sık|katılıyorum|oldukça|çok|her zaman|kesinlikle katılıyorum"
    ),
    list_words(
        "从不|完全不同意|非常不同意|很少|不同意|比较不同意|有点不同意|有时|中立|一般|不确定|"
        "有点同意|比较同意|经常|同意|总是|非常同意|完全同意"
    ),
    list_words(
        "mai|per niente|per niente d'accordo|fortemente in disaccordo|"
        "completamente in disaccordo|totalmente in disaccordo|raramente|molto in disaccordo|"
        "poco|poco d'accordo|in disaccordo|qualche volta|a volte|abbastanza in disaccordo|"
        "né d'accordo né in disaccordo|neutrale|indifferente|incerto|abbastanza|"
        "abbastanza d'accordo|spesso|molto|d'accordo|molto d'accordo|sempre|moltissimo|"
        "fortemente d'accordo|completamente d'accordo|totalmente d'accordo"
    ),
    list_words(
        "nunca|nada|de modo algum|discordo totalmente|discordo fortemente|raramente|pouco|"
        "um pouco|discordo|discordo parcialmente|às vezes|não concordo nem discordo|"
        "nem concordo nem discordo|neutro|indiferente|moderadamente|concordo parcialmente|"
        "frequentemente|muito|concordo|sempre|extremamente|concordo fortemente|"
        "concordo totalmente"
    ),
    list_words(
        "nooit|helemaal niet|helemaal mee oneens|helemaal niet mee eens|zeer mee oneens|"
        "zelden|een beetje|mee oneens|niet mee eens|oneens|beetje mee oneens|"
        "enigszins mee oneens|soms|neutraal|niet eens, niet oneens|"
        "noch mee eens, noch mee oneens|noch eens, noch oneens|"
        "niet mee eens/niet mee oneens|beetje mee eens|enigszins mee eens|vaak|tamelijk|"
        "mee eens|eens|zeer|altijd|heel erg|zeer mee eens|helemaal mee eens"
    ),
    list_words(
        "nigdy|wcale|zdecydowanie się nie zgadzam|zdecydowanie nie|rzadko|nie zgadzam się|"
        "raczej się nie zgadzam|raczej nie|trochę|czasami|trudno powiedzieć|"
        "ani się zgadzam, ani się nie zgadzam|nie mam zdania|średnio|umiarkowanie|"
        "raczej się zgadzam|raczej tak|zgadzam się|często|bardzo|zawsze|skrajnie|"
        "zdecydowanie się zgadzam|zdecydowanie tak"
    ),
    list_words(
        "никогда|совсем нет|совершенно не согласен|полностью не согласен|"
        "категорически не согласен|редко|немного|не согласен|скорее не согласен|иногда|"
        "затрудняюсь ответить|нейтрально|ни согласен, ни не согласен|умеренно|"
        "скорее согласен|согласен|часто|сильно|всегда|очень сильно|полностью согласен|"
        "совершенно согласен"
    ),
    list_words(
        "全くない|まったくない|全くそう思わない|全く当てはまらない|全くあてはまらない|"
        "あまりない|そう思わない|あまりそう思わない|当てはまらない|あてはまらない|"
        "あまり当てはまらない|あまりあてはまらない|ややそう思わない|ときどき|時々|"
        "どちらともいえない|どちらでもない|ややそう思う|やや当てはまる|ややあてはまる|"
        "そう思う|当てはまる|あてはまる|よくある|とてもそう思う|強くそう思う|非常にそう思う|"
        "とても当てはまる|非常に当てはまる|非常にあてはまる|いつも"
    ),
    list_words(
        "aldrig|inte alls|instämmer inte alls|helt uenig|helt oenig|sällan|lite|"
        "instämmer inte|uenig|oenig|instämmer delvis inte|ibland|varken eller|neutral|"
        "nøytral|hverken enig eller uenig|verken enig eller uenig|instämmer delvis|ofta|"
        "instämmer|enig|mycket|instämmer i hög grad|alltid|extremt|instämmer helt|helt enig"
    ),
    list_words("전혀 그렇지 않다|매우 그렇지 않다|그렇지 않다|보통이다|보통|그렇다|매우 그렇다"),
)


# Numbers in answers: a share of the highest, a level, or what is counted.
_NUMBER = r"(\d+(?:[.,]\d+)?)"
_NUMBERED = (
    re.compile(rf"{_NUMBER} ?(?:/|of|out of|von|sur|de|di|van) ?(\d+)"),
    re.compile(
        rf"(?:stufe|level|grade?|niveau|nivel|nível|livello|seviye|等级|レベル) ?{_NUMBER}()"
    ),
    re.compile(
        rf"{_NUMBER} ?(?:stars?|sterne?|étoiles?|estrellas?|stell[ae]|points?|pts?|punkte?"
        r"|punt[oi]s?|点|分|星|级|점)()"
    ),
)
_ROMAN = list_words("0|i|ii|iii|iv|v|vi|vii|viii|ix|x")
_SIGNS = re.compile(r"(\++)|([-–−]+)|0|±|\+/-")


def order_answers(texts: Sequence[str]) -> list[str] | dict[str, float] | None:
    """Return answers from the lowest, as `Reading` takes labels; None where no order is known.

    Those that hold numbers keep them: it is a mapping unless they count from 1.

    Examples
    --------
    >>> order_answers(["often", "Never", "sometimes"]), order_answers(["cat", "dog"])
    (['Never', 'sometimes', 'often'], None)
    >>> order_answers(["3/3", "1/3", "2/3"]), order_answers(["Level 4", "Level 0"])
    (['1/3', '2/3', '3/3'], {'Level 0': 0.0, 'Level 4': 4.0})
    >>> order_answers(["+", "-", "0"]), order_answers(["III", "I", "II"])
    ({'-': -1.0, '0': 0.0, '+': 1.0}, ['I', 'II', 'III'])
    """
    lower = [_fold_answer(text) for text in texts]
    numbers = _number_answers(lower)
    if numbers is None:
        known = next((scale for scale in SCALES if set(lower) <= set(scale)), None)
        if known is None:
            return None
        held = [answer for answer in known if answer in lower]
        numbers = [held.index(answer) + 1.0 for answer in lower]
    pairs = sorted(zip(numbers, texts, strict=True))
    if [number for number, _ in pairs] == [*range(1, len(texts) + 1)]:
        return [text for _, text in pairs]
    return {text: number for number, text in pairs}


def _number_answers(lower: Sequence[str]) -> list[float] | None:
    """Return the numbers that answers such as "4/5", "Level 2", stars or signs hold, if all do."""
    if len(set(lower)) < 2:
        return None
    for pattern in _NUMBERED:
        found = [one for text in lower if (one := pattern.fullmatch(text))]
        numbers = [float(one[1].replace(",", ".")) for one in found]
        # "7/5" is a date.
        kept = len({one[2] for one in found}) == 1 and max(numbers) <= float(found[0][2] or "inf")
        if kept and len(found) == len(lower):
            return numbers
    if len(set(lower)) > 2 and set(lower) <= {*_ROMAN}:
        return [float(_ROMAN.index(text)) for text in lower]
    signs = [one for text in lower if (one := _SIGNS.fullmatch(text))]
    if len(signs) == len(lower) and any(one[1] for one in signs) and any(one[2] for one in signs):
        return [float(len(one[1] or "") - len(one[2] or "")) for one in signs]
    marks = {*"".join(lower)}
    mark = "★" if marks == {"★", "☆"} else min(marks)
    counted = len(marks - {"☆"} or marks) == 1 and not mark.isalnum() and mark not in "-–—?"
    return [float(text.count(mark)) for text in lower] if counted else None


def _fold_answer(text: str) -> str:
    return " ".join(text.lower().replace("\u2019", "'").strip(" .!").split())


def is_no_answer(text: str) -> bool:
    """Return whether a text stands for an answer that nobody gave.

    Examples
    --------
    >>> [is_no_answer(text) for text in ("k.A.", "NA (not applicable)", "Anna")]
    [True, True, False]
    """
    if text.replace("_", "").isalnum():
        return text.lower() in _NO_ANSWERS
    bare = " ".join(text.lower().replace("\u2019", "'").split())
    return bare in _NO_ANSWERS or re.fullmatch(r"(n/?a|n\.a\.)\s*\W.*", bare) is not None
