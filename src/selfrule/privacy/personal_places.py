"""Where people live, work and learn: addresses, postcodes with towns, employers, schools."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selfrule.privacy.personal_segments import Rule, Segment
from selfrule.privacy.personal_view import fold

Found = tuple[int, int, str]

_U = r"A-ZØŁĐÆŒÞĦŊĐ\u0370-\u03a9\u0400-\u042f"
_CAP = rf"[{_U}][^\W\d_]*+(?:['’&-][^\W\d_]++)*+"
_CAPS = rf"{_CAP}(?: (?:(?:of|and|&|de|der|für|für|la|del|du|the|y|e) )?{_CAP}){{0,4}}"
_IN_TOWN = rf"(?:,? (?:in|near|at|bei|à|a|en|em|di|в|на|στη[νς]?|στο) {_CAP}(?: {_CAP})?)?"
_TAIL = rf"(?:,? ?(?:[Aa]pt|[Aa]partment|[Uu]nit|[Ff]lat|[Ss]uite|[Ff]loor|кв|д|#)\.? ?#?\w{{1,5}})?(?:,? {_CAP}(?: {_CAP})?)?(?:,? (?:[A-Z]{{2}} )?\d{{5}}(?:-\d{{4}})?|,? [A-Z]{{1,2}}\d[A-Z\d]? ?\d[A-Z]{{2}})?"


def _c(text: str, ignore: bool = False) -> re.Pattern[str]:
    return re.compile(fold(text), re.IGNORECASE if ignore else 0)


_ADDRESS = (
    _c(
        rf"(?<![\w.,])\d{{1,5}}[A-Za-z]?,? (?:{_CAP} |\d{{1,3}}(?:st|nd|rd|th) ){{1,4}}(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Court|Ct|Boulevard|Blvd|Way|Place|Pl|Square|Sq|Terrace|Crescent|Close|Highway|Hwy|Parkway|Pkwy|Row|Gardens|Grove|Hill|Mews|Circle|Trail|Walk)\b\.?{_TAIL}"
    ),
    _c(
        r"(?<![\w.,])\d{1,5}[a-z]? (?:[a-z]{3,15} ){1,2}(?:street|avenue|ave|road|lane|boulevard|blvd|terrace|crescent)\b",
        True,
    ),
    _c(
        r"(?<!\w)[^\W\d_]{2,30}(?:straße|strasse|str\.|weg|platz|allee|gasse|ufer|damm|laan|straat|gatan|vägen|veien|gade) ?\d{1,4} ?[a-z]?(?!\w)(?:,? \d{4,5} [^\W\d_]{2,})?",
        True,
    ),
    _c(
        rf"(?<!\w)(?:Am|Im|An der|Auf der|Zum|Zur|Unter den|Hinter der) {_CAP}(?: {_CAP})? \d{{1,4}} ?[a-z]?(?!\w)(?:,? \d{{5}} {_CAP})?"
    ),
    _c(
        r"(?<![\w.])\d{1,4}(?: ?bis| ?ter)?,? (?:rue|avenue|av\.|boulevard|bd|place|chemin|impasse|allee|quai|route|cours) (?:(?:de|du|des|de la|d'|l'|la|le) ?)?[^\W\d_]{2,}(?: [^\W\d_]{2,20}){0,2}(?:,? \d{5} [^\W\d_]{2,})?",
        True,
    ),
    _c(
        r"(?<!\w)(?:calle|c/|avenida|avda\.?|av\.|paseo|plaza|carrera|rua|travessa|praca|via|viale|piazza|corso|largo|ulica|ul\.|ulice|jalan|jl\.|strada) (?:[^\W\d_]{1,20}\.? ){0,4}[^\W\d_]{2,20},? ?(?:n[º°.o]{0,2}\.? ?|numero )?\d{1,5}(?!\d)(?:,? \d{4,5}(?:-\d{3})? [^\W\d_]{2,})?",
        True,
    ),
    _c(
        rf"(?<!\w)(?:г\. ?{_CAP},? )?(?:ул(?:ица|ице|ицы)?|просп(?:ект|екте)?|пр-т|пер(?:еулок|еулке)?|шоссе|бульвар|наб|вул(?:иця|иці)?)\.? [^\W\d_]{{2,}}(?:[ -][^\W\d_]{{2,}})?(?:,? ?(?:д(?:ом)?\.? ?)?\d{{1,4}} ?[а-я]?(?!\w))?(?:,? ?(?:кв|квартира)\.? ?\d{{1,4}})?",
        True,
    ),
    _c(
        r"(?<!\w)(?:κατοικω|μενω) (?:στην? |στο )?[^\W\d_]{3,} \d{1,4}|(?<!\w)(?:οδος|οδο|οδου|λεωφορος|λεωφ\.|πλατεια) [^\W\d_]{2,}(?: [^\W\d_]{2,})?,? ?\d{1,4}(?:,? \d{3} ?\d{2}(?: [^\W\d_]{2,})?)?",
        True,
    ),
    _c(
        r"(?:شارع|حي|زقاق) [\u0620-\u06ff]{2,}(?: [\u0620-\u06ff]{2,}){0,2}(?:،? ?(?:رقم|عمارة|بناية|شقة)? ?\d{1,5})?|\d{1,5} شارع [\u0620-\u06ff]{2,}(?: [\u0620-\u06ff]{2,})?"
    ),
    _c(
        r"(?:רחוב|רח'|שדרות|שד') [\u05d0-\u05ea\"']{2,}(?: [\u05d0-\u05ea\"']{2,}){0,2} ?\d{1,4}(?:,? [\u05d0-\u05ea]{2,}(?: [\u05d0-\u05ea]{2,})?)?"
    ),
    _c(
        r"\d{1,4},? [\u0900-\u0963 ]{2,30}(?:मार्ग|रोड|नगर|गली|सड़क|कॉलोनी)|(?:मकान|फ्लैट) (?:नंबर|संख्या|नं\.?) ?\d{1,4}(?:,? [\u0900-\u0963]{2,}){0,4}|सेक्टर \d{1,3}"
    ),
    _c(
        r"\d{1,4}(?:/\d{1,4})? ?(?:หมู่ ?\d{1,2} ?)?(?:ถนน|ซอย|หมู่บ้าน|ถ\.|ซ\.) ?[\u0e00-\u0e4e]{2,20}(?: ?\d{1,3})?|(?:ถนน|ซอย|หมู่บ้าน)[\u0e00-\u0e4e]{2,20} ?\d{0,4}"
    ),
    _c(
        r"(?:[\u4e00-\u9fff]{2,6}(?:省|市|区|區|县|縣)){0,3}[\u4e00-\u9fff]{2,8}(?:路|街|大道|巷|弄|胡同|道)\d{1,5}[号號](?:[\u4e00-\u9fff\d-]{0,12}(?:室|楼|樓|单元|栋))?|[\u4e00-\u9fff]{2,8}小区\d{1,4}(?:栋|号楼|幢)[\d单元室-]{0,10}"
    ),
    _c(
        r"〒? ?\d{3}-\d{4} ?[\u4e00-\u9fff\u3041-\u30ff]{0,20}|[\u4e00-\u9fff]{2,3}[都道府県][\u4e00-\u9fff\u3041-\u30ff]{1,10}[市区町村郡][\u4e00-\u9fff\u3041-\u30ff]{0,12}\d{0,4}(?:丁目|番地?|号|[-の]|\d){0,12}|[\u4e00-\u9fff]{2,4}市[\u4e00-\u9fff]{1,4}区[\u4e00-\u9fff\u3041-\u30ff]{1,8}\d{1,3}(?:丁目|番地?|号|[-の]|\d){0,12}|[\u4e00-\u9fff]{2,6}\d{1,3}丁目[\d番地号-]{0,10}"
    ),
    _c(
        r"(?:[가-힣]{2,8}(?:특별시|광역시|시|도) )?(?:[가-힣]{1,8}(?:시|군|구) )?[가-힣]{1,10}(?:로|길|동) ?\d{1,4}(?:-\d{1,4})?(?:번길 ?\d{1,4})?(?!\d)|[가-힣]{2,8}(?:아파트) ?\d{1,4}동(?: ?\d{1,4}호)?"
    ),
)
_POSTCODE = (
    _c(r"(?<!\w)[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}(?!\w)|(?<!\w)[A-Z]\d[A-Z] ?\d[A-Z]\d(?!\w)"),
    _c(
        rf"(?<![\w.,$€£])(?:D-|F-|CH-|A-|L-)?\d{{5}} {_CAP}(?:[- ]{_CAP})?|(?<![\w.,$€£])(?:CH-|A-|B-|NL-)\d{{4}} {_CAP}|(?<!\w)\d{{4}} ?[A-Z]{{2}},? {_CAP}"
    ),
    _c(rf"(?<!\w){_CAP}(?: {_CAP})?,? [A-Z]{{2}},? \d{{5}}(?:-\d{{4}})?(?!\w)"),
    _c(
        r"(?<!\w)(?:zip(?: ?code)?|post(?:al ?)?code|plz|postleitzahl|code postal|codigo postal|c\.?p\.?|cep|cap|индекс|τ\.?κ\.?|الرمز البريدي|מיקוד|पिन ?कोड|รหัสไปรษณีย์|邮编|郵遞區號|郵便番号|우편번호)(?: (?:is|ist|est|es|e|है))? ?[:：は]? ?(?P<it>[A-Z]{0,2}\d[\w-]{2,7}(?: ?\d[A-Z]{2})?)",
        True,
    ),
)
_WORK = _c(
    rf"(?<!\w)(?i:work(?:s|ed|ing)?|job|employed|intern(?:ing|ed)?|internship|hired|fired|position|role|shift|engineer|nurse|teacher|manager|cashier|clerk|analyst|developer|driver|"
    rf"professor|receptionist|accountant|lawyer|doctor|surgeon|chef|barista|supervisor|director|technician|librarian|teach(?:es|ing)?|lehre|ausbildung|praktikum|azubi|stage|arbeite|arbeitet|arbeiten|angestellt|travaille|bosse|employee?|"
    rf"trabajo|trabaja|trabalho|trabalha|lavoro|lavora|werk|pracuje|работаю|работает|работал|работала|δουλευω|δουλευει|εργαζομαι)"
    rf"(?: (?:part-time|full-time|remotely|there|now|here|as an? \w{{2,15}}|als \w{{2,20}}|comme \w{{2,15}}|como \w{{2,15}}|year \d{{1,2}}))? (?:at|a|al|for|with|bei|beim|fur|chez|en|na|no|em|per|da|presso|w|в|на|στη[νς]?|στο) (?:the |der |dem |la |le |el |o |a )?(?P<it>[«\"]?{_CAPS}[»\"]?{_IN_TOWN})"
)
_SCHOOL = _c(
    rf"(?<!\w)(?i:stud(?:y|ies|ied|ying)|student|pupil|freshman|sophomore|junior|senior|graduat(?:e|ed|ing)|enrolled|attend(?:s|ed|ing)?|alumn\w+|studiere|studiert|etudie|etudiante?|estudio|estudia|estudo|estuda|studio|учусь|учится|σπουδαζω|φοιταω)"
    rf"(?:(?: (?:\w{{2,14}}))? (?:at|from|in|an der|an|a|à|en|na|no|em|в|στο|στη[νς]?)|(?<=attend)|(?<=attends)|(?<=attended)|(?<=attending)) (?:the |der |dem |l'|la |le |el |o |a )?(?P<it>{_CAPS}(?: имени {_CAP})?(?: [«\"][^»\"\n]{{2,40}}[»\"])?{_IN_TOWN})"
)
_SCHOOLISH = "University|College|School|Academy|Institute|Gymnasium|Universität|Hochschule|Schule|Université|Lycée|Collège|Universidad|Instituto|Colegio|Universidade|Escola|Università|Liceo|Polytechnic|Seminary|Kindergarten|Primary|Secondary|Prep|Grammar|High|Elementary|Университет|Школа"
_FIRM = "Clinica|Hopital|Banco|Banque|Residencia|Hospital|Infirmary|Surgery|Hospice|Clinic|Church|Bank|GmbH|AG|Inc|Ltd|LLC|LLP|Corp|Corporation|Company|Industries|Holdings|Group|Solutions|Logistics|Consulting|Associates|Partners|Labs|Studios|SARL|SA|KG|SpA|SRL|BV|Krankenhaus|Klinik|Klinikum|Hôpital|Clinique|Mosque|Synagogue|Parish"
_NAMED = (
    (
        _c(
            rf"(?<!\w)(?:{_CAP} ){{1,4}}(?:{_SCHOOLISH})(?: {_CAP})?(?:\W of {_CAP})?{_IN_TOWN}|(?<!\w)(?:{_SCHOOLISH})(?: of| de| of the| zu)? {_CAP}(?: {_CAP}){{0,2}}"
        ),
        "school",
    ),
    (
        _c(
            rf"(?<!\w)(?:{_CAP} (?:(?:&|and|und|et|y) )?){{1,4}}(?:{_FIRM})(?!\w)\.?{_IN_TOWN}|(?<!\w)(?:Hospital|Clinica|Hopital|Klinik|Klinikum|Clinique|Banco|Banque|Residencia) (?:(?:de|del|da|do|La|El|Le|Los|Las) )?{_CAP}(?: {_CAP})?"
        ),
        "employer",
    ),
    (_c(r"(?:ООО|ЗАО|ОАО|ПАО|АО|ТОВ) [«\"][^»\"\n]{2,40}[»\"]"), "employer"),
    (
        _c(
            rf"(?<!\w)(?:школ[аеу]|лице[иея]|гимнази[яюи]|университет\w{{0,2}}|больниц[аеу]) (?:№ ?\d{{1,4}}|[«\"][^»\"\n]{{2,40}}[»\"])(?: (?:в|города) {_CAP})?"
        ),
        "school",
    ),
    (
        _c(r"(?<![\u0620-\u06ff])(?:ب|ل|في )?(?:جامعة|مدرسة|كلية|معهد) [\u0620-\u06ff]{2,}(?: [\u0620-\u06ff]{2,})?"),
        "school",
    ),
    (
        _c(
            r"(?<![\u0620-\u06ff])(?:ب|ل|في )?(?:شركة|مستشفى|بنك|مصرف|مصنع) [\u0620-\u06ff]{2,}(?: [\u0620-\u06ff]{2,})?"
        ),
        "employer",
    ),
    (
        _c(
            r"(?<![\u05d0-\u05ea])ב?(?:אוניברסיטת|בית הספר|בית ספר|תיכון|מכללת) [\u05d0-\u05ea\"]{2,}(?: [\u05d0-\u05ea\"]{2,})?"
        ),
        "school",
    ),
    (
        _c(
            r"(?<![\u05d0-\u05ea])ב?(?:חברת|בית החולים|בנק|מפעל|משרד עורכי הדין) [\u05d0-\u05ea\"]{2,}(?: [\u05d0-\u05ea\"]{2,})?"
        ),
        "employer",
    ),
    (_c(r"(?:[\u0900-\u0963]{2,} ){1,2}(?:विश्वविद्यालय|स्कूल|कॉलेज|विद्यालय)"), "school"),
    (_c(r"(?:[\u0900-\u0963]{2,} ){1,2}(?:अस्पताल|कंपनी|बैंक|लिमिटेड|फैक्ट्री)"), "employer"),
    (_c(r"(?:มหาวิทยาลัย|โรงเรียน|วิทยาลัย) ?[\u0e00-\u0e4e]{2,20}"), "school"),
    (_c(r"(?:บริษัท|โรงพยาบาล|ธนาคาร|โรงงาน) ?[\u0e00-\u0e4e]{2,20}"), "employer"),
    (
        _c(
            r"(?:(?![的了在我你他她它们是去就不和有那这个到都很想也又从跟对把被让给得地着过说会要能可以没吗呢吧啊但而且因为所现然后其实最近自己一])[\u4e00-\u9fff]){1,6}(?:大学|大學|中学|中學|小学|小學|学院|學院|高中|幼儿园|高校|高等学校|中学校|小学校)"
        ),
        "school",
    ),
    (
        _c(
            r"(?:[\u30a1-\u30ff\u3041-\u309f]|(?:(?![的了在我你他她它们是去就不和有那这个到都很想也又从跟对把被让给得地着过说会要能可以没吗呢吧啊但而且因为所现然后其实最近自己一])[\u4e00-\u9fff])){1,8}(?:有限公司|公司|集团|集團|医院|醫院|银行|銀行|工厂|株式会社|病院|製作所|商事|工業)|株式会社[\u4e00-\u9fff\u30a1-\u30ff]{1,12}"
        ),
        "employer",
    ),
    (_c(r"(?<![가-힣])[가-힣]{1,8}(?:대학교|고등학교|중학교|초등학교|여고|고교)"), "school"),
    (_c(r"(?<![가-힣])[가-힣]{2,8}(?:병원|전자|은행|그룹|건설|물산|주식회사)|주식회사 [가-힣]{2,8}"), "employer"),
)
_GENERIC = frozenset(
    "大学 那个公司 我们公司 这家公司 一家公司 我的公司 他们公司 公司 the company the group high school".split()
)
_NOT_ORGANISATION = frozenset(
    "i the my home work school college university god this that night nights day days monday tuesday wednesday thursday friday saturday sunday christmas english german french spanish math maths".split()
)


def find(segment: Segment) -> Iterator[Found]:
    """Stretches of a segment's text."""
    for rule in RULES:
        yield from rule.find(segment)


def _is_organisation(match: re.Match[str]) -> bool:
    return match["it"].strip('«"').split(" ")[0].lower() not in _NOT_ORGANISATION


_WORK_WORDS = frozenset(
    "work works worked working job employed intern interning interned internship hired fired position role shift engineer nurse teacher manager "
    "cashier clerk analyst developer driver professor receptionist accountant lawyer doctor surgeon chef barista supervisor director technician "
    "librarian teach teaches teaching lehre ausbildung praktikum azubi stage arbeite arbeitet arbeiten angestellt travaille bosse employe employee trabajo trabaja trabalho trabalha lavoro lavora werk pracuje "
    "работаю работает работал работала δουλευω δουλευει εργαζομαι".split()
)
_SCHOOL_WORDS = frozenset(
    "study studies studied studying student pupil freshman sophomore junior senior graduate graduated graduating enrolled attend attends attended "
    "attending alumni alumnus alumna alumnae studiere studiert etudie etudiant etudiante estudio estudia estudo estuda studio учусь учится σπουδαζω φοιταω".split()
)
_NEEDS: tuple[tuple[str, frozenset[str] | None], ...] = (
    ("", frozenset(fold(_SCHOOLISH).lower().split("|"))),
    ("", frozenset(fold(_FIRM).lower().split("|"))),
    *(
        (script, None)
        for script in ("cased", "arabic", "hebrew", "devanagari", "thai", "han", "hangul")
        for _ in range(2)
    ),
)
_SCRIPT_OF = (
    "digit",
    "digit",
    "digit",
    "digit",
    "digit",
    "digit",
    "cased",
    "cased",
    "arabic",
    "hebrew",
    "devanagari",
    "thai",
    "han",
    "han",
    "hangul",
)
RULES = (
    *(
        Rule(
            "address",
            pattern,
            frozenset([need]) | frozenset(["digit"] if need in {"cased", "hebrew", "han", "hangul"} else []),
        )
        for pattern, need in zip(_ADDRESS, _SCRIPT_OF, strict=True)
    ),
    *(Rule("address", pattern, frozenset(["digit"])) for pattern in _POSTCODE),
    Rule("employer", _WORK, words=_WORK_WORDS, holds=_is_organisation),
    Rule("school", _SCHOOL, words=_SCHOOL_WORDS, holds=_is_organisation),
    *(
        Rule(kind, pattern, frozenset([need] if need else []), words)
        for (pattern, kind), (need, words) in zip(_NAMED, _NEEDS, strict=True)
    ),
)
