"""What machines gave people: addresses of mail and web, handles, networks, keys and passwords."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator

from selfrule.privacy.personal_segments import Rule, Segment

Found = tuple[int, int, str]

_TLD = (
    "com|org|net|edu|gov|io|co|ai|app|dev|me|info|biz|tv|ly|gg|xyz|blog|shop|site|online|eu|uk|us|de|at|ch|fr|es|it|pt|br|nl|be|se|"
    "no|dk|fi|pl|cz|sk|hu|ro|bg|gr|ru|ua|tr|il|ae|sa|eg|in|pk|bd|th|vn|id|my|sg|ph|cn|tw|hk|jp|kr|au|nz|ca|mx|ar|cl|za|ng|ke|ie|рф"
)
_MAIL = re.compile(r"(?<![\w.+%'-])[\w.+%'-]++ ?@ ?(?:\[[\d.:a-f]{3,45}\]|[\w-]++(?:\.[\w-]++)+)")
_MAIL_APART = re.compile(
    r"(?<![\w.+-])[\w.+-]++(?: ?[\[({<] ?(?:at|@|arroba|chez) ?[\])}>] ?| @ )[\w-]++"
    rf"(?: ?(?:[\[({{<] ?(?:dot|\.|punkt|punto|point|ponto) ?[\])}}>]|\.|\bdot\b) ?(?!\s)[\w-]++){{1,4}}"
    rf"|(?<![\w.+-])[\w.+-]++(?: dot [\w-]++){{0,3}} at [\w-]++(?: dot [\w-]++){{0,3}} dot (?:{_TLD})\b",
    re.IGNORECASE,
)
_LINK = re.compile(
    r"(?<!\w)(?:(?:h(?:tt|xx)ps?|s?ftp|wss?|file|ssh|tel|mailto|data|ipfs)://?|mailto:|www\d?\.)[^\s<>\"'`（）「」，。、]++",
    re.IGNORECASE,
)
_DOMAIN = re.compile(
    rf"(?<![\w.@-])(?:[\w-]{{1,63}}\.){{1,5}}(?:{_TLD})(?![\w-])(?:[:/][^\s<>\"'`（）「」，。、]*+)?", re.IGNORECASE
)
_CODE_FILES = frozenset(
    {
        "chatgpt.com",
        "openai.com",
        "claude.ai",
        "asp.net",
        "node.js",
        "vb.net",
        "socket.io",
        "deno.land",
        "system.io",
        "e.g.no",
    }
)
_HANDLE = re.compile(
    r"(?<![\w@./])@[A-Za-z0-9_][\w.-]{1,38}|(?<![\w/.])/?[ur]/[\w-]{3,24}(?![\w/])|(?<![\w#])[\w.]{2,32}#\d{4}(?!\d)"
)
_HANDLE_SAID = re.compile(
    r"(?<!\w)(?:user ?-?name|login|handle|nick(?:name)?|gamer ?tag|insta(?:gram)?|snap(?:chat)?|telegram|discord|twitter|tik ?tok|"
    r"skype|steam|screen name|benutzername|nutzername|nom d'utilisateur|pseudo|identifiant|usuario|usuari[oa]|nome utente|"
    r"логин|никнеим|ник|ονομα χρηστη|اسم المستخدم|שם משתמש|यूजरनेम|ชื่อผู้ใช้|用户名|微信号?|用戶名|ユーザー名|ユーザ名|아이디|닉네임)"
    r"(?: (?:is|name|account|handle|ist|est|es|e|это|:))? ?(?:[:=]|is|は|是|는|은|ist|est|es|:)? ?(?P<it>@?[\w.-]{3,40})",
    re.IGNORECASE,
)
_USERISH = re.compile(
    r"(?<![\w.@/\\-])[A-Za-z]++(?:[._-]?\d[\w.-]*+|_\w[\w.-]*+|[.-][A-Za-z]++[._-]?\d[\w.-]*+)(?<![.-])"
)
_HANDLE_WORDS = frozenset(
    "username user usernames login handle nick nickname gamertag gamer insta instagram snap snapchat telegram discord twitter tiktok tik "
    "skype steam screen benutzername nutzername utilisateur pseudo identifiant usuario usuaria utente логин никнеим ник ονομα اسم שם "
    "यूजरनेम 아이디 닉네임 아이디는 닉네임은".split()
)
_PASSWORD_WORDS = frozenset(
    "password passcode passphrase passwd pin api apikey secret token passwort kennwort passe contrasena clave senha пароль пин пинкод "
    "κωδικος كلمة סיסמה סיסמא 비밀번호 비밀번호는".split()
)
_IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?:/\d{1,2})?(?![\d.]*\d)")
_IPV6 = re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_MAC = re.compile(r"(?<![\w:-])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?![\w:-])")
_UUID = re.compile(r"(?<!\w)[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?!\w)")
_KEY = re.compile(
    r"(?<!\w)(?:sk|pk|rk)[-_](?:live[-_]|test[-_]|ant[-_]|proj[-_])?[\w-]{16,}|(?<!\w)gh[pousr]_\w{20,}|(?<!\w)(?:AKIA|ASIA)[A-Z0-9]{12,}"
    r"|(?<!\w)xox[abprs]-[\w-]{10,}|(?<!\w)AIza[\w-]{20,}|(?<!\w)eyJ[\w-]{10,}(?:\.[\w-]++)*|(?<!\w)[0-9a-fA-F]{24,}(?!\w)"
    r"|(?<!\w)(?:0x[0-9a-fA-F]{16,}|bc1[a-z0-9]{25,})(?!\w)"
)
_PEM = re.compile(r"-----BEGIN [A-Z ]{3,40}-----[^-]*+(?:-----END [A-Z ]{3,40}-----)?")
_LONG = re.compile(r"(?<![\w+/=-])[\w+/-]{24,}={0,2}")
_PASSWORD = re.compile(
    r"(?<!\w)(?:pass(?:word|code|phrase|wd)|pin(?: code| number)?|api[ _-]?key|secret|token|passwort|kennwort|mot de passe|contrasena|clave|"
    r"senha|пароль|пин-?код|κωδικος|كلمة المرور|كلمة السر|סיסמה|סיסמא|पासवर्ड|รหัสผ่าน|密码|密碼|パスワード|暗証番号|비밀번호)"
    r" ?(?:[:=]|(?:is|ist|est|es|e|это|は|是|는|은|है)(?!\w)) ?[\"']?(?P<it>[^\s\"',;]{4,64})",
    re.IGNORECASE,
)


def find(segment: Segment, known: Callable[[str], bool]) -> Iterator[Found]:
    """Stretches of a segment's text.

    Args:
        segment: Of a view.
        known: Whether a word in lower case is a person's name and no common word.
    """
    for rule in RULES:
        yield from rule.find(segment)
    text = segment.text
    if "digit" in segment.needs or "_" in text:
        for match in _USERISH.finditer(text):
            parts = re.split(r"[_.\d-]+|(?<=[a-z])(?=[A-Z])", match[0])
            if any(len(part) > 3 and part.isalpha() and known(part.lower()) for part in parts):
                yield match.start(), match.end(), "handle"


def _is_domain(match: re.Match[str]) -> bool:
    return match[0].lower() not in _CODE_FILES


def _is_handle(match: re.Match[str]) -> bool:
    """Whether what was said to be a handle looks like one, or like a word of the sentence."""
    it = match["it"]
    if it.isupper() or not any(char.isalnum() for char in it):
        return False
    return any(char.isdigit() or char in "_@." for char in it[:-1]) or not it.islower()


def _is_password(match: re.Match[str]) -> bool:
    """Whether a word said to be a secret is more than the next word of a sentence."""
    return not (match[0].lower().startswith(("secret", "token")) and match["it"].isalpha() and match["it"].islower())


def _is_ipv4(match: re.Match[str]) -> bool:
    return all(int(part) < 256 for part in match[0].partition("/")[0].split("."))


def _is_ipv6(match: re.Match[str]) -> bool:
    return len(match[0]) > 6 and _is_ip(match[0])


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_random(match: re.Match[str]) -> bool:
    """Whether a long run of letters and digits looks drawn, not written: cases and digits mixed, few separators."""
    text = match[0]
    digits = sum(c.isdigit() for c in text)
    upper = sum(c.isupper() for c in text)
    return digits >= 3 and (upper >= 3 or digits >= 6) and sum(c in "_-/" for c in text) <= len(text) // 8


_WEB, _DIGITS, _RUNS = frozenset(["joined"]), frozenset(["digit"]), frozenset(["long"])
RULES = (
    Rule("mail", _MAIL, _WEB),
    Rule("mail", _MAIL_APART, _WEB),
    Rule("handle", _HANDLE, _WEB),
    Rule("link", _LINK, _WEB),
    Rule("link", _DOMAIN, _WEB, holds=_is_domain),
    Rule("handle", _HANDLE_SAID, words=_HANDLE_WORDS, holds=_is_handle),
    Rule("handle", _HANDLE_SAID, frozenset(["han"]), holds=_is_handle),
    Rule("key", _PASSWORD, words=_PASSWORD_WORDS, holds=_is_password),
    Rule("key", _PASSWORD, frozenset(["han"]), holds=_is_password),
    Rule("network", _IPV4, _DIGITS | _WEB, holds=_is_ipv4),
    Rule("network", _IPV6, holds=_is_ipv6, words=None, needs=frozenset(["colons"])),
    Rule("network", _MAC, _DIGITS),
    Rule("id", _UUID, _DIGITS | _RUNS),
    Rule("key", _KEY, _RUNS),
    Rule("key", _PEM, _RUNS),
    Rule("key", _LONG, _RUNS | _DIGITS, holds=_is_random),
)
