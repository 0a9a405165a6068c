"""Numbers that belong to one person: phones, cards, accounts, documents, dates of birth, great ages, coordinates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selfrule.privacy.personal_segments import Rule, Segment
from selfrule.privacy.personal_view import fold

Found = tuple[int, int, str]

_RUN = re.compile(r"(?<![A-Za-z0-9_.])[+(]{0,2}\d(?:[ ]?[-./()\u2010-\u2015\u2212]?[ (]?\d)*+(?![A-Za-z0-9_])")
_DECIMAL = re.compile(r"\d+\.\d+|\d{1,3}(?:[., ]\d{3})*(?:[.,]\d+)?")
_YEARS = re.compile(r"(?:1[5-9]|20)\d\d(?:[ \-/\u2010-\u2015.]{1,3}(?:1[5-9]|20)\d\d)+")
_DATE_ONLY = re.compile(
    r"(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4})(?:[ T]\d{1,2}(?:[.]\d{2})?)?|20\d{6}"
)
_MONEY = "$€£¥₹₩₽₪฿"

_MONTHISH = r"[^\W\d_\u0e00-\u0e7f\u3040-\u30ff\u4e00-\u9fff][\w\u0900-\u0963]{2,11}"
_A_DATE = (
    r"(?:\d{1,4} ?[-./] ?\d{1,2} ?[-./] ?\d{1,4}|\d{4} ?年 ?\d{1,2} ?月(?: ?\d{1,2} ?[日号])?|\d{4} ?년 ?\d{1,2} ?월(?: ?\d{1,2} ?일)?"
    rf"|(?:the )?\d{{1,2}}(?:st|nd|rd|th|er|\.|o|º|-го|-е)?,? (?:of |de |d'|ב|в )?{_MONTHISH}\.?,? ?(?:of |de |del )?(?:\d{{4}}|'?\d\d(?!\d))?"
    r"|(?:jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec)[a-z]{0,6}\.? \d{1,2}(?:st|nd|rd|th)?(?:,? \d{4})?|\d{1,2} ?[\u0e00-\u0e7f.]{3,12} ?(?:พ\.ศ\. ?)?\d{4}"
    r"|(?:19|20)\d\d(?! ?(?:people|words))|昭和\d{1,2}年\S{0,7}|平成\d{1,2}年\S{0,7}|\d{2}년생)"
)
_BORN = re.compile(
    fold(
        r"(?<!\w)(?:born(?: on| in)?|birth ?da(?:y|te)|date of birth|d\.?o\.?b\.?|geboren(?: am| im)?|geburtsdatum|geburtstag|nee? le|date de naissance|"
        r"anniversaire|nacid[oa]|naci|fecha de nacimiento|cumpleanos|nascid[oa]|nasci|data de nascimento|aniversario|nat[oa]|data di nascita|compleanno|"
        r"geboortedatum|urodzon[ya]|urodzil\w+|data urodzenia|fodd|dogum tarihi\w*|родил(?:ся|ась)|дата рождения|день рождения|"
        r"народи(?:вся|лася)|γεννηθηκα|ημερομηνια γεννησης|γενεθλια|تاريخ (?:الميلاد|ميلادي|الولادة)|ولدت|مواليد|נולדתי|נולד|נולדה|תאריך (?:ה)?לידה|יום הולדת|"
        r"जन्म ?(?:तिथि|दिन|तारीख|की तारीख)?)\b|जन्म(?: ?तिथि| ?दिन| ?तारीख)?|वันเกิด|วันเกิด|เกิด(?:วันที่|เมื่อ)?|出生(?:日期|于|在)?|生于|生於|生日|生年月日|誕生日|생년월일|생일|태어난"
    ),
    re.IGNORECASE,
)
_BORN_WORDS = frozenset(
    "born birth birthday birthdate birthdays dob d geboren geburtsdatum geburtstag ne nee naissance anniversaire nacido nacida naci nacimiento cumpleanos "
    "nascido nascida nasci nascimento aniversario nato nata nascita compleanno geboortedatum urodzony urodzona urodzilem urodzilam urodzenia fodd dogum".split()
)
_SAID_WORDS = frozenset(
    "case order student matriculation customer client account patient member membership employee staff policy invoice ticket booking reference reservation "
    "tracking passport driver license licence plate registration ssn social imei vin national nhs medical mrn tax visa badge docket flight room locker "
    "aktenzeichen az kundennummer matrikelnummer bestellnummer personalausweis personalausweisnummer reisepass reisepassnummer ausweisnummer steuer steuerid "
    "steuernummer kennzeichen versicherungsnummer numero dossier plaque immatriculation dni nie pasaporte expediente pedido matricula cpf rg processo "
    "passaporte codice targa pesel dowod".split()
)
_BORN_GAP = re.compile(rf"[^\d\n]{{0,18}}?(?P<it>{_A_DATE})", re.IGNORECASE)
_BORN_AFTER = re.compile(
    rf"(?P<it>{_A_DATE})(?: ?に|에|年)? ?(?:geboren(?!\w)|生まれ|出生|에 태어|태어났|생(?!\w)|생입|생이|को (?:हुआ|जन्म)|में (?:पैदा|जन्म))",
    re.IGNORECASE,
)
_AGE = re.compile(
    fold(
        r"(?<![\w.,/-])(?P<it>9\d|1[01]\d|12[0-2])[- ]?(?:years? ?-?old|year-old|years of age|y\.?/?o\.?\b|yrs? old|jahre? alt|jahrige\w*|ans\b|anos\b|anni\b|"
        r"jaar oud|lat\b|yasinda|лет\b|года\b|річн\w+|ετων|χρονων|سنة|عام|שנים|שנה|साल|वर्ष|ปี|岁|歳|才|세|살)"
        r"|(?<!\w)(?:aged?|age is|age:|turn(?:ed|ing|s)|בן|בת|عمر\w{0,3}|i am|i'm|he is|he's|she is|she's|ich bin|alter:?|edad:?|อายุ|年龄|年齢|나이) ?(?:of )?(?P<or>9\d|1[01]\d|12[0-2])(?![\w%:.-]|,\d| ?(?:%|percent|km|kg|cm|dollars|euros))"
    ),
    re.IGNORECASE,
)
_IBAN = re.compile(r"(?<!\w)[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,4})?(?!\w)")
_SHAPES = re.compile(
    r"(?<!\w)(?:[A-Za-z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-Da-d]|\d{8}-?[A-Za-z]|[XYZxyz]-?\d{7}-?[A-Za-z]"
    r"|[A-Za-z]{6}\d{2}[A-Za-z]\d{2}[A-Za-z]\d{3}[A-Za-z]|[A-Za-z]{5}\d{4}[A-Za-z]|\d{17}[Xx]|[A-Za-z]{4}\d{6}[HMhm][A-Za-z]{5}\w\d|\d{6}[-+A]\d{3}\w)(?!\w)"
)
_MIXED = re.compile(r"(?<![\w.])[A-Za-z]{0,8}-?\d[A-Za-z0-9]*+(?:-[A-Za-z0-9]++)*+(?![\w.])")
_NORMS = re.compile(r"(?:iso|iec|din|rfc|ieee|en|cve|utf|sha|rtx|gtx|covid|http|mp|vitamin)-?\d", re.IGNORECASE)
_SAID = re.compile(
    fold(
        r"(?<!\w)(?:case|order|student|matriculation|customer|client|account|patient|member(?:ship)?|employee|staff|policy|invoice|ticket|booking|reference|"
        r"reservation|tracking|passport|driver'?s licen[cs]e|licen[cs]e|licen[cs]e plate|number plate|plate|registration|ssn|social security|imei|vin|"
        r"national insurance|nhs|medical record|mrn|tax|visa|badge|docket|flight|room|locker|"
        r"aktenzeichen|az|kundennummer|matrikelnummer|bestellnummer|personalausweis\w*|reisepass\w*|ausweisnummer|steuer-?(?:id|nummer)|kennzeichen|versicherungsnummer|"
        r"dossier est le|numero de (?:dossier|client|commande|passeport|securite sociale)|dossier|plaque|immatriculation|"
        r"dni|nie|pasaporte|expediente|pedido|matricula|cpf|rg|processo|passaporte|codice fiscale|targa|pesel|dowod|"
        r"паспорт\w*|снилс|инн|номер (?:заказа|дела|паспорта|машины|телефона)|ΑΦΜ|ΑΜΚΑ|αριθμος \w+|διαβατηριο|رقم \w+|جواز(?: السفر)?|מספר \w+|ת\.?ז\.?|דרכון|"
        r"आधार|पासपोर्ट|पैन|หนังสือเดินทาง|เลขที่\w*|เลขบัตร\w*|ทะเบียน\w*|身份证号?码?|身分證字號|护照号?码?|学号|订单号|车牌号?|案号|工号|マイナンバー|学籍番号|注文番号|会員番号|旅券番号|ナンバー|"
        r"주민등록번호|주민번호|여권번호|학번|주문번호|사번|차량번호)"
        r"(?: (?:number|no\.?|nr\.?|num\.?|id|code|plate|is|was|ist|est|es|e|numero|номер|это|हे|नंबर|संख्या|है))*\.? ?(?:[:#=]|是|は|는|은)? ?#?"
        r"(?P<it>\d{1,3} [A-Z]{1,3} \d{1,5}/\d{2}(?!\d)|(?=[^\s]{0,12}\d)[A-Za-zА-Яа-яЁё\u0600-\u06ff\u0590-\u05ff\u4e00-\u9fff가-힣]{0,6}[ -]?[A-Z]{0,3}[ -]?\d[\w/.-]{1,30}\w)"
    ),
    re.IGNORECASE,
)
_COORDINATES = re.compile(
    r"(?<![\w.])-?\d{1,3}\.\d{3,12}[ °]{0,2}[NSns]?[,; ]{1,3}-?\d{1,3}\.\d{3,12}[ °]{0,2}[EWOewo]?(?!\w)"
    r"|(?<!\w)\d{1,3} ?° ?\d{1,2} ?['′’] ?(?:\d{1,2}(?:\.\d{1,4})? ?[\"″”])? ?[NSns][, ]{1,3}\d{1,3} ?° ?\d{1,2} ?['′’] ?(?:\d{1,2}(?:\.\d{1,4})? ?[\"″”])? ?[EWOewo]"
)


def find(segment: Segment) -> Iterator[Found]:
    """Stretches of a segment's text."""
    text = segment.text
    if "digit" not in segment.needs:
        return
    if "other" in segment.needs or not _BORN_WORDS.isdisjoint(segment.words):
        yield from _born(text, "other" in segment.needs or "geboren" in segment.words)
    for match in _AGE.finditer(text):
        group = "it" if match["it"] else "or"
        yield match.start(group), match.end(group), "age"
    for rule in RULES:
        yield from rule.find(segment)
    for match in _RUN.finditer(text):
        kind = _kind(match[0], text[max(0, match.start() - 2) : match.start()])
        if kind:
            yield match.start(), match.end(), kind


def _born(text: str, after: bool) -> Iterator[Found]:
    for match in _BORN.finditer(text):
        date = _BORN_GAP.match(text, match.end())
        if date:
            yield date.start("it"), date.end("it"), "born"
    for match in _BORN_AFTER.finditer(text) if after else ():
        yield match.start("it"), match.end("it"), "born"


def _kind(run: str, before: str) -> str | None:
    """What a run of digits and separators is: a card, a phone, an id; None: an ordinary number."""
    digits = "".join(c for c in run if c.isdigit())
    n = len(digits)
    bare = run.lstrip("(+")
    if n < 7 or _YEARS.fullmatch(bare) or _DATE_ONLY.fullmatch(bare) or any(c in _MONEY for c in before):
        return None
    if digits.rstrip("0") == "" or (
        _DECIMAL.fullmatch(run) and ("." in run or digits.endswith("000")) and run.count(".") <= 3
    ):
        return None
    if "\u2013" in run and n < 10 and not run.startswith("+"):  # from a number to a number
        return None
    if n == len(run) and digits.endswith("0000"):
        return None
    if 13 <= n <= 19 and is_luhn(digits):
        return "account"
    if (
        n > 4
        and " " in run
        and all(len(group) <= 4 and not group.startswith("0") for group in run.split(" "))
        and _small(run)
    ):
        return None
    return "phone" if _is_phone(run, digits) else "id"


def _small(run: str) -> bool:
    """Whether a run is a list of numbers below a hundred, as of a table, none written as phones are."""
    groups = run.split(" ")
    return all(group.isdigit() and len(group) <= 2 for group in groups) and any(len(group) == 2 for group in groups)


def _is_phone(run: str, digits: str) -> bool:
    """Whether any of the regions asked knows such a number."""
    if not 7 <= len(digits) <= 15:
        return False
    import phonenumbers

    for region in _REGIONS if not run.lstrip("(").startswith("+") else (None,):
        try:
            parsed = phonenumbers.parse(run, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed):
            return True
    return run.startswith(("+", "(", "0")) or run.count("-") >= 2


_REGIONS = ("US", "GB", "DE", "FR", "ES", "BR", "IN", "CN", "JP", "KR", "RU", "GR", "IL", "EG", "TH")


def is_luhn(digits: str) -> bool:
    """Whether the last digit is the Luhn check of the others (ISO/IEC 7812-1, annex B).

    Example:
        >>> is_luhn("4111111111111111"), is_luhn("4111111111111112")
        (True, False)
    """
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def is_iban(text: str) -> bool:
    """Whether a text is an IBAN by its check digits (ISO 13616, modulus 97).

    Example:
        >>> is_iban("DE89 3704 0044 0532 0130 00")
        True
    """
    plain = text.replace(" ", "").upper()
    return len(plain) >= 15 and int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def _is_account(match: re.Match[str]) -> bool:
    return is_iban(match[0]) or sum(c.isdigit() for c in match[0]) >= 12


def _has_digits(match: re.Match[str]) -> bool:
    return len(re.findall(r"\d", match["it"])) >= 3


def _is_mixed(match: re.Match[str]) -> bool:
    digits = sum(c.isdigit() for c in match[0])
    return 5 <= digits < len(match[0].replace("-", "")) and not _NORMS.match(match[0])


RULES = (
    Rule("place", _COORDINATES),
    Rule("account", _IBAN, holds=_is_account),
    Rule("id", _SHAPES),
    Rule("id", _SAID, words=_SAID_WORDS, holds=_has_digits),
    Rule("id", _SAID, frozenset(["other"]), holds=_has_digits),
    Rule("id", _MIXED, holds=_is_mixed),
)
