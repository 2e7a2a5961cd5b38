from observe.recommend.reasons import Reason
from observe.report.reason_words import FLAG_WORDS, reason_words
from observe.signals.outcomes import Outcome, classify


def test_every_reason_code_has_words_of_its_own():
    meanings = {code: reason_words(code.value).meaning for code in Reason}
    spelled = [c for c, text in meanings.items() if text == c.value.replace("_", " ").lower()]
    assert spelled == []
    assert len(set(meanings.values())) == len(Reason)


#: First and last code of each group that withholds.
WITHHOLDING = (
    (Reason.TOO_FEW_REQUESTS, Reason.NOT_A_SERVICE),
    (Reason.POOL_HARDLY_USED, Reason.POOL_TCP),
    (Reason.SINGLE_HOST, Reason.EJECTION_TOO_SLOW),
)


def test_every_code_that_withholds_says_what_to_do():
    codes = list(Reason)
    groups = [codes[codes.index(a) : codes.index(b) + 1] for a, b in WITHHOLDING]
    withholding = [code for group in groups for code in group]
    silent = [code for code in withholding if not reason_words(code).advice]
    assert silent == []


def test_a_code_of_a_later_version_stands_for_itself():
    assert reason_words("MOON_IS_FULL").meaning == "moon is full"


def test_every_flag_that_decides_an_outcome_has_words():
    flags = [a + b + c for a in "ADFIHLNORSU" for b in "CFIOPRSTHMA" for c in ("", "X", "E", "SDR")]
    deciding = {flag for flag in flags if classify("200", flag, "") != Outcome.SUCCESS}
    assert len(deciding) > 10
    assert deciding - FLAG_WORDS.keys() == set()
