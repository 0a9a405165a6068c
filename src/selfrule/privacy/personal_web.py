"""What machines gave people: addresses of mail and web, handles, networks, keys and passwords."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator

Found = tuple[int, int, str]

_TLD = (
    "com|org|net|edu|gov|io|co|ai|app|dev|me|info|biz|tv|ly|gg|xyz|blog|shop|site|online|eu|uk|us|de|at|ch|fr|es|it|pt|br|nl|be|se|"
    "no|dk|fi|pl|cz|sk|hu|ro|bg|gr|ru|ua|tr|il|ae|sa|eg|in|pk|bd|th|vn|id|my|sg|ph|cn|tw|hk|jp|kr|au|nz|ca|mx|ar|cl|za|ng|ke|ie|рф"
)
_MAIL = re.compile(r"(?<![\w.+%'-])[\w.+%'-]++ ?@ ?(?:\[[\d.:a-f]{3,45}\]|[\w-]++(?:\.[\w-]++)+)")
_MAIL_APART = re.compile(
    r"(?<![\w.+-])[\w.+-]++(?: ?[\[({<] ?(?:at|@|arroba|chez) ?[\])}>] ?| @ )[\w-]++"
    rf"(?: ?(?:[\[({{<] ?(?:dot|\.|punkt|punto|point|ponto) ?[\])}}>]|\.|\bdot\b) ?(?!\s)[\w-]++){{1,4}}"
    rf"|(?<![\w.+-])[\w.+-]++ at [\w-]++(?: dot [\w-]++){{0,3}} dot (?:{_TLD})\b",
    re.IGNORECASE,
)
_LINK = re.compile(
    r"(?<!\w)(?:(?:h(?:tt|xx)ps?|s?ftp|wss?|file|ssh|tel|mailto|data|ipfs)://?|mailto:|www\d?\.)[^\s<>\"'`（）「」，。、]++",
    re.IGNORECASE,
)
_DOMAIN = re.compile(
    rf"(?<![\w.@-])(?:[\w-]{{1,63}}\.){{1,5}}(?:{_TLD})(?![\w-])(?:[:/][^\s<>\"'`（）「」，。、]*+)?", re.IGNORECASE
)
_CODE_FILES = frozenset({"asp.net", "node.js", "vb.net", "socket.io", "deno.land", "system.io", "e.g.no"})
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
_USERISH = re.compile(r"(?<![\w.@/\\-])[A-Za-z]++[_.-]?[A-Za-z]*+[_.-]?(?:[A-Za-z]*+[_.-]?)?\d*+(?![\w@])")
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


def find(text: str, known: Callable[[str], bool]) -> Iterator[Found]:
    """Stretches of a view's text.

    Args:
        text: Of a view.
        known: Whether a word in lower case is a person's name and no common word.
    """
    if "@" in text:
        yield from _whole(_MAIL, text, "mail")
        yield from _whole(_HANDLE, text, "handle")
    elif "#" in text or "/" in text:
        yield from _whole(_HANDLE, text, "handle")
    yield from _whole(_MAIL_APART, text, "mail")
    yield from _whole(_LINK, text, "link")
    for match in _DOMAIN.finditer(text):
        if match[0].lower() not in _CODE_FILES:
            yield match.start(), match.end(), "link"
    for pattern, kind in ((_HANDLE_SAID, "handle"), (_PASSWORD, "key")):
        for match in pattern.finditer(text):
            it = match["it"]
            if kind == "key" or any(char.isdigit() or char in "_@." for char in it[:-1]) or not it.islower():
                yield match.start("it"), match.end("it"), kind
    for match in _USERISH.finditer(text):
        word = match[0]
        if (word[-1].isdigit() or "_" in word) and any(
            len(part) > 3 and known(part.lower()) for part in re.split(r"[_.\d-]+|(?<=[a-z])(?=[A-Z])", word)
        ):
            yield match.start(), match.end(), "handle"
    for match in _IPV4.finditer(text):
        if all(int(part) < 256 for part in match[0].partition("/")[0].split(".")):
            yield match.start(), match.end(), "network"
    for match in _IPV6.finditer(text):
        if len(match[0]) > 6 and _is_ip(match[0]):
            yield match.start(), match.end(), "network"
    yield from _whole(_MAC, text, "network")
    yield from _whole(_UUID, text, "id")
    yield from _whole(_KEY, text, "key")
    yield from _whole(_PEM, text, "key")
    for match in _LONG.finditer(text):
        if _is_random(match[0]):
            yield match.start(), match.end(), "key"


def _whole(pattern: re.Pattern[str], text: str, kind: str) -> Iterator[Found]:
    for match in pattern.finditer(text):
        yield match.start(), match.end(), kind


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_random(text: str) -> bool:
    """Whether a long run of letters and digits looks drawn, not written: cases and digits mixed, few separators."""
    digits = sum(c.isdigit() for c in text)
    upper = sum(c.isupper() for c in text)
    return digits >= 3 and (upper >= 3 or digits >= 6) and sum(c in "_-/" for c in text) <= len(text) // 8
