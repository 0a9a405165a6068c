"""What people say around names: introductions, forms of address, kin, greetings; and words that look like names and are none."""

from __future__ import annotations

import re

from selfrule.privacy.personal_segments import Rule
from selfrule.privacy.personal_view import fold

_U = r"A-ZØŁĐÆŒÞĦŊĐ\u0370-\u03a9\u0400-\u042f"
_CAP = rf"[{_U}][^\W\d_]*+(?:['’-][^\W\d_]++)*+"
_PARTICLE = (
    r"(?:van der|van den|van de|van|von der|von|de la|de los|de|del|della|da|dos|das|do|di|la|le|ter|ten|bin|ibn|al|el)"
)
_CAPS = rf"(?P<it>{_CAP}(?: (?:{_PARTICLE} )?{_CAP}| [{_U}]\.){{0,3}})"
_ANY = rf"(?P<it>[^\W\d_][^\W\d_]++(?:['’-][^\W\d_]++)*+(?: (?:{_PARTICLE} )?{_CAP}){{0,3}})"
_ARABIC = r"(?P<it>[\u0620-\u06ff]{2,}+(?: (?:ال|بن |ابن |أبو |عبد )?[\u0620-\u06ff]{2,}+)?)"
_ARABIC_ONE = r"(?P<it>[\u0620-\u06ff]{2,}+)"
_HEBREW = r"(?P<it>[\u05d0-\u05ea]{2,}+(?:[ -][\u05d0-\u05ea]{2,}+)?)"
_HEBREW_ONE = r"(?P<it>[\u05d0-\u05ea]{2,}+)"
_HINDI = r"(?P<it>[\u0900-\u0963]{2,}+(?: (?!है|हूं|हूँ|और|ने|को|से|का|की|के|में|पर|जी|था|थी|हैं)[\u0900-\u0963]{2,}+)?)"
_THAI = r"(?P<it>[\u0e00-\u0e4e]{2,14}(?: (?!ต้อง|ครับ|ค่ะ|และ|ที่|บอก|ไม่|เป็น|กับ)[\u0e00-\u0e4e]{2,12}(?![\u0e00-\u0e4e]))?)"
_HAN_NAME = r"(?P<it>[\u4e00-\u9fff]{2,4}|[A-Z][a-z]+)"
_JA_NAME = r"(?P<it>[\u4e00-\u9fff々]{2,5}|[\u30a1-\u30ff]{2,12}|[A-Z][a-z]+)"

_INTRO_LATIN = (
    "my (?:full |real |first |last |legal |sur)?name is|my name's|name's|i am called|i'm called|they call me|people call me|known as|goes by|"
    "mein (?:voller )?name ist|ich hei(?:ß|ss)e|er hei(?:ß|ss)t|sie hei(?:ß|ss)t|je m'appelle|je me nomme|mon nom est|il s'appelle|elle s'appelle|"
    "s'appelle|me llamo|mi nombre es|se llama|meu nome e|me chamo|chama-se|se chama|mi chiamo|il mio nome e|si chiama|ik heet|mijn naam is|"
    "nazywam sie|mam na imie|ma na imie|jag heter|jeg heter|jeg hedder|minun nimeni on|nimeni on|jmenuji se|a nevem|ma numesc|numele meu este|"
    "benim adim|adim|ismim|ten toi la|toi ten la|nama saya|nama aku"
)
_INTRO_OTHER = "меня зовут|мое имя|мене звати|мо[её] имя|его зовут|ее зовут|по имени|зовут|με λενε|τον λενε|τη λενε|το ονομα μου ειναι|ονομαζομαι|λεγομαι"
_HONORIFIC = (
    r"Mr|Mrs|Ms|Mx|Miss|Mister|Dr|Prof|Professor|Sir|Lady|Rev|Reverend|Father|Sister|Officer|Detective|Judge|Captain|Sgt|Lt|Coach|Uncle|Aunt|Auntie|Grandma|Grandpa|"
    r"Herrn?|Frau|Fraulein|Tante|Onkel|Monsieur|Madame|Mademoiselle|Mme|Mlle|M|Maitre|Senor|Senora|Senorita|Sra|Srta|Sr|Don|Dona|Tio|Tia|Senhor|Senhora|Signor|Signora|Signorina|Sig|Dott|"
    r"Dhr|Mevr|Mevrouw|Meneer|Pan|Pani|Herra|Rouva|Bay|Bayan|г-н|г-жа|господин|Господин|госпожа|Госпожа|тетя|дядя|Тетя|Дядя|пан|пани|Пан|Пани|"
    r"senor|senora|senhor|senhora|monsieur|madame|signor|signora|doctor|doctora|profesor|profesora|uncle|aunt|auntie|κυριος|κυριο|κυρια|κ|Κυριος|Κυρια|κυριε"
)
_KIN = (
    "husband|wife|friend|best friend|boyfriend|girlfriend|boss|manager|supervisor|brother|sister|mum|mom|mother|dad|father|son|daughter|ex|ex-husband|ex-wife|"
    "partner|colleague|co-?worker|roommate|flatmate|neighbou?r|therapist|doctor|teacher|cousin|aunt|uncle|fiancee?|landlord|roomie|kid|baby|crush|grandson|"
    "granddaughter|nephew|niece|mann|frau|freund(?:in)?|chef(?:in)?|bruder|schwester|mutter|vater|sohn|tochter|kollege|kollegin|nachbar(?:in)?|mari|femme|"
    "amie?|copain|copine|frere|soeur|mere|pere|fils|fille|collegue|voisine?|esposo|esposa|marido|mujer|amig[oa]|novi[oa]|jef[ea]|herman[oa]|madre|padre|"
    "hij[oa]|prim[oa]|vecin[oa]|companer[oa]|namorad[oa]|irma|irmao|filh[oa]|mae|pai|vizinh[oa]|chefe|colega|marito|moglie|fratello|sorella|amic[oa]|"
    "муж|мужа|жена|жену|друг|друга|подруга|подругу|брат|брата|сестра|сестру|сын|сына|дочь|начальник|начальница|коллега|парень|девушка|"
    "αντρας|γυναικα|φιλος|φιλη|αδερφος|αδερφη|γιος|κορη"
)
_MY = "my|our|his|her|their|your|mein(?:e[rnms]?)?|unser(?:e[rnm]?)?|sein(?:e[rnm]?)?|ihr(?:e[rnm]?)?|mon|ma|mes|notre|son|sa|mi|mis|su|nuestr[oa]|meu|minha|o meu|a minha|mio|mia|il mio|la mia|мои|моя|моего|мою|моему|моеи|наш|наша|ο|η|τον|την"


def _pattern(text: str, ignore: bool = False) -> re.Pattern[str]:
    return re.compile(fold(text), re.IGNORECASE if ignore else 0)


_SAID: tuple[tuple[re.Pattern[str], bool], ...] = (
    (_pattern(rf"(?<!\w)(?i:{_INTRO_LATIN}|{_INTRO_OTHER}),? {_ANY}"), True),
    (
        _pattern(
            rf"(?<!\w)(?:[Ii]'m|[Ii] am|[Tt]his is|[Ii]ch bin(?: die| der)?|[Jj]e suis|[Ss]oy|[Ee]u sou|[Ss]ou|[Ss]ono|[Jj]estem|[Ii]k ben|[Я]|[я]|[Εε]ιμαι (?:ο|η)|[Cc]all me|[Nn]amed|[Cc]alled|[Nn]enn mich) {_CAPS}"
        ),
        True,
    ),
    (_pattern(rf"(?<!\w)(?:{_HONORIFIC})\.? {_CAPS}"), False),
    (
        _pattern(
            rf"(?<!\w)(?:(?:[Hh]i|[Hh]ello|[Hh]ey|[Dd]ear|[Hh]allo|[Ll]iebe[rs]?|[Bb]onjour|[Ss]alut|[Cc]h[eè]re?|[Hh]ola|[Qq]uerid[oa]|[Ee]stimad[oa]|[Oo]la|[Cc]iao|[Cc]ar[oa]|[Пп]ривет|[Зз]дравствуите|[Уу]важаем(?:ыи|ая)|[Дд]орог(?:ои|ая)|[Γγ]εια σου|[Αα]γαπητ[εη]|[Tt]hanks|[Tt]hank you)),? {_CAPS}(?=[,!.:;?\n]|$)"
        ),
        True,
    ),
    (
        _pattern(
            rf"(?<!\w)(?:(?:[Rr]egards|[Ss]incerely|[Bb]est(?: wishes)?|[Ll]ove|[Cc]heers|[Tt]hanks|[Yy]ours(?: truly)?|MfG|LG|[Gg]ru(?:ß|ss)e?n?|[Gg]ru(?:ß|ss)|[Cc]ordialement|[Bb]ises|[Ss]aludos|[Aa]tentamente|[Aa]bracos?|[Bb]eijos|[Сс] уважением|[Μμ]ε εκτιμηση),?\s{{1,4}}){_CAPS}(?=\s*$|\n)"
        ),
        True,
    ),
    (
        _pattern(
            rf"(?<!\w)(?:(?i:{_MY}) (?:[^\W\d_]{{2,12}} )?(?i:{_KIN})),? (?:(?:named|called|namens|qui s'appelle|que se llama|по имени) )?{_CAPS}"
        ),
        True,
    ),
    (
        _pattern(
            rf"(?<!\w){_CAPS} (?:said|says|told|asked|asks|replied|texted|thinks|thought|wants|wanted|called me|hates|loves|sagte|sagt|meinte|hat gesagt|a dit|dijo|dice|disse|ha detto|сказал|сказала|говорит|ειπε|λεει)(?!\w)"
        ),
        True,
    ),
    (
        _pattern(
            rf"(?<!\w)(?:[\"'](?:full_?|first_?|last_?|sur|user_?)?name[\"']|(?i:(?:full |first |last |legal |given |family |sur)?name|patient|client|customer|signed|(?:vor|nach|voller )?name|nom|prenom|nombre|apellidos?|nome|cognome|sobrenome|imie|nazwisko|имя|фамилия|фио|ονομα|επωνυμο)) ?[:=] ?[\"']?{_ANY}"
        ),
        False,
    ),
    (
        _pattern(
            rf"(?:اسمي(?: هو)?|أدعى|ادعى|اسمه|اسمها|إسمي|يدعى|(?<![\u0620-\u06ff])(?:السيد|السيدة|سيد|الدكتور|الدكتورة|دكتور|دكتورة|د\.|الأستاذ|الأستاذة|أستاذ|أستاذة|الشيخ|الحاج|المهندس)) {_ARABIC}"
        ),
        False,
    ),
    (
        _pattern(rf"(?<![\u0620-\u06ff])(?:صديقي|صديقتي|زوجي|زوجتي|أخي|أختي|ابني|ابنتي|مديري|يا) {_ARABIC_ONE}"),
        False,
    ),
    (_pattern(rf"(?:שמי|קוראים לי|השם שלי(?: הוא)?|קוראים לו|קוראים לה) {_HEBREW}"), False),
    (
        _pattern(
            rf"(?<![\u05d0-\u05ea])(?:מר|גב'|גברת|ד\"ר|ד״ר|פרופ'|פרופסור|אדון|הרב|עורך הדין|חבר שלי|חברה שלי|בעלי|אשתי|אחי|אחותי|הבן שלי|הבת שלי|הבוס שלי),? {_HEBREW_ONE}"
        ),
        False,
    ),
    (_pattern(rf"(?:मेरा (?:पूरा )?नाम|उसका नाम|उनका नाम|नाम ?[:：]|मुझे लोग) (?:है )?{_HINDI}"), False),
    (
        _pattern(
            rf"(?<![\u0900-\u0963])(?:श्री|श्रीमती|सुश्री|डॉक्टर|डॉ\.?|कुमारी|प्रोफेसर|मेर[ाीे] (?:दोस्त|पति|पत्नी|भाई|बहन|बेटा|बेटी|बॉस|मैनेजर)) {_HINDI}"
        ),
        False,
    ),
    (_pattern(r"(?<![\u0900-\u0963])(?P<it>[\u0900-\u0963]{2,}+) जी(?![\u0900-\u0963])"), False),
    (
        _pattern(
            rf"(?:(?:ผม|ฉัน|ดิฉัน|หนู|เขา|เธอ|แฟน|เพื่อน|พี่|น้อง)?ชื่อ(?:ว่า|จริง|เล่น)?|(?<![\u0e00-\u0e7f])(?:คุณ|นาย|นางสาว|นาง|ดร\.|เด็กชาย|เด็กหญิง)|(?:ของฉัน|ของผม)ชื่อ) ?{_THAI}"
        ),
        False,
    ),
    (_pattern(rf"(?:我(?:的名字)?叫(?:做|作)?|名叫|名字(?:是|叫)|姓名[:：是]|他叫|她叫|叫做){_HAN_NAME}"), False),
    (
        _pattern(
            r"(?P<it>[小老阿][王李张刘陈杨黄赵吴周徐孙朱胡郭林罗郑梁谢宋唐许韩冯邓曹彭肖田董袁潘蒋蔡余杜叶苏魏吕丁沈姚卢姜崔钟谭陆汪范廖贾韦邹孟秦邱尹薛闫段侯陶黎贺顾郝龚邵钱覃戴莫孔汤])(?=说|說|问|問|告诉|告訴|觉得|覺得|跟|和|是|，|,|对|對)"
        ),
        False,
    ),
    (
        _pattern(
            rf"(?:私の名前は|私は|僕は|俺は|名前は|氏名[:：]|お名前[:：は]){_JA_NAME}(?=です|と申し|といい|と言い|だ|っていい|。|$)"
        ),
        False,
    ),
    (_pattern(rf"{_JA_NAME}(?=(?:と申します|といいます|と言います|っていいます|という名前|と呼んで))"), False),
    (
        _pattern(
            r"(?<!お)(?P<it>(?![母父兄姉客皆奥娘息子孫爺婆神者](?:さ|様|ん))(?!医者|息子|患者|店員|看護師|先生|彼女)[\u4e00-\u9fff々]{1,4}|[\u30a1-\u30ff]{2,10}|(?<![\u3041-\u309f])[\u3041-\u309f]{2,4})(?:さん|くん|君|ちゃん|さま|様|氏|先輩|課長|部長|社長)(?![\u4e00-\u9fff])"
        ),
        False,
    ),
    (
        _pattern(
            r"(?:제 이름은|내 이름은|이름은|성함은|이름[:：]) ?(?P<it>[가-힣]{2,4}?)(?=입니다|이에요|예요|이라고|라고|이야|야|이고|$|\.)"
        ),
        False,
    ),
    (
        _pattern(
            r"(?<![가-힣])(?P<it>(?!선생|부모|아버|어머|할머|할아|고객|사장|회원|교수|의사|기사|간호사|스승|하느|따님|아드|팀장|원장)[가-힣]{2,4}?) ?(?:씨|님|선생님|과장님|부장님|대리님|팀장님|교수님|사장님|아주머니|오빠|언니|누나)(?![가-힣]{3})"
        ),
        False,
    ),
    (
        _pattern(
            r"(?:친구|남편|아내|동생|언니|오빠|누나|상사|팀장|남자친구|여자친구) (?P<it>[가-힣]{2,3})(?=이가|이는|이랑|이한테|가 |는 |한테|씨)"
        ),
        False,
    ),
    (
        _pattern(
            rf"(?<!\w)(?:[Αα]ντρας|[Αα]δερφος|[Αα]δερφη|[Φφ]ιλος|[Φφ]ιλη|[Γγ]ιος|[Κκ]ορη|[Γγ]υναικα|[Αα]φεντικο) μου,? (?:ο |η )?{_CAPS}"
        ),
        False,
    ),
    (
        _pattern(
            r"(?<![\u0900-\u0963])(?P<it>(?!(?:उस|इस|मैं|हम|तुम|आप|पति|पत्नी|माँ|पिता|डॉक्टर|दोस्त|भाई|बहन|बॉस|उन्हों|इन्हों|किसी|सब|लोगों|जी)(?:ने)?(?![\u0900-\u0963]))[\u0900-\u0963]{2,}+) ने (?:मुझे |मुझसे |उसे )?(?:कहा|बताया|पूछा|बोला)"
        ),
        False,
    ),
    (
        _pattern(
            r"(?<![\u0620-\u06ff])(?:قال|قالت|أخبرني|أخبرتني|سألني) (?:لي |له |لها )(?P<it>(?!إن|أن|ان|لا|هو|هي|كل|زوجي|أبي|أمي|الطبيب)[\u0620-\u06ff]{3,}+)"
        ),
        False,
    ),
    (_pattern(rf"(?<!\w)(?P<it>(?:[{_U}]\. ?){{1,2}}[{_U}](?=[^\W\d_]{{2}}){_CAP[_CAP.index(']') + 1 :]})"), True),
)
_W: dict[str, str] = {
    "intro": "name called known goes heiße heisse heißt heisst appelle nomme nom llamo nombre llama nome chamo chama chiamo chiama heet naam nazywam imie "
    "heter hedder nimeni jmenuji nevem numesc numele adim ismim toi nama зовут звати имя имени мое με λενε ονομα ονομαζομαι λεγομαι",
    "am": "m am this bin suis soy sou sono jestem ben я ειμαι call named called nenn",
    "honorific": "mr mrs ms mx miss mister dr prof professor sir lady rev reverend father sister officer detective judge captain sgt lt coach uncle aunt "
    "auntie grandma grandpa herr herrn frau fraulein tante onkel monsieur madame mademoiselle mme mlle m maitre senor senora senorita sra srta sr don dona "
    "tio tia senhor senhora signor signora signorina sig dott dhr mevr mevrouw meneer pan pani herra rouva bay bayan г господин госпожа тетя дядя пан пани "
    "κυριος κυριο κυρια κ κυριε doctor doctora profesor profesora",
    "greeting": "hi hello hey dear hallo liebe lieber liebes bonjour salut cher chere hola querido querida estimado estimada ola ciao caro cara привет "
    "здравствуите уважаемыи уважаемая дорогои дорогая γεια αγαπητε αγαπητη thanks thank",
    "sign": "regards sincerely best wishes love cheers thanks yours truly mfg lg gruß gruss gruße grusse gruße grußen grussen cordialement bises saludos atentamente abraco "
    "abracos beijos уважением εκτιμηση grußse",
    "kin": "husband wife friend boyfriend girlfriend boss manager supervisor brother sister mum mom mother dad father son daughter ex partner colleague "
    "coworker worker roommate flatmate neighbour neighbor therapist doctor teacher cousin aunt uncle fiance fiancee landlord roomie kid baby crush grandson "
    "granddaughter nephew niece mann frau freund freundin chef chefin bruder schwester mutter vater sohn tochter kollege kollegin nachbar nachbarin mari femme "
    "ami amie copain copine frere soeur mere pere fils fille collegue voisin voisine esposo esposa marido mujer amigo amiga novio novia jefe jefa hermano hermana "
    "madre padre hijo hija primo prima vecino vecina companero companera namorado namorada irma irmao filho filha mae pai vizinho vizinha chefe colega marito "
    "moglie fratello sorella amico amica муж мужа жена жену друг друга подруга подругу брат брата сестра сестру сын сына дочь начальник начальница коллега "
    "парень девушка αντρας γυναικα φιλος φιλη αδερφος αδερφη γιος κορη",
    "speech": "said says told asked asks replied texted thinks thought wants wanted called hates loves sagte sagt meinte gesagt dit dijo dice disse detto "
    "сказал сказала говорит ειπε λεει",
    "label": "name fullname firstname lastname username surname full first last user patient client customer signed vorname nachname nom prenom nombre apellido apellidos nome cognome sobrenome "
    "imie nazwisko имя фамилия фио ονομα επωνυμο",
}
_NEEDS: tuple[tuple[str, str | None], ...] = (
    *(("", key) for key in _W),
    *(
        (script, None)
        for script, n in (
            ("arabic", 2),
            ("hebrew", 2),
            ("devanagari", 3),
            ("thai", 1),
            ("han", 5),
            ("hangul", 3),
            ("cased", 1),
            ("devanagari", 1),
            ("arabic", 1),
            ("", 1),
        )
        for _ in range(n)
    ),
)
RULES: tuple[tuple[Rule, bool], ...] = tuple(
    (Rule("name", pattern, frozenset([need] if need else []), frozenset(_W[key].split()) if key else None), strict)
    for (pattern, strict), (need, key) in zip(_SAID, _NEEDS, strict=True)
)
"""What stands around names, each with whether the word must be a known name, or else capitalised and no common word."""

BEFORE = re.compile(
    r"(?<!\w)(?:told|asked|asking|met|meet|love|loves|loved|miss|hate|married|marry|dating|dated|date|divorced|kissed|texted|text|texting|called|calling|emailed|"
    r"with|and I|me and|between me and|named|hugged|ghosted|blocked|messaged|trusted|forgave|confronted|visited|seeing|like|by|from|about|that|when|if|because|but|and|for|to|is|was|says|thinks) $"
)
"""What stands before a person more often than before anything else that is capitalised; for words that are names too."""

NEVER = frozenset(
    """i i'm i've i'll i'd the a an and or but if so yes no ok okay oh hey hi hello thanks thank you we he she it they this that these those my your
    his her our their what when where why who how which god lord jesus christ allah buddha bible quran torah ai chatgpt gpt claude gemini siri alexa google
    apple amazon facebook instagram whatsapp tiktok youtube twitter reddit discord telegram snapchat linkedin netflix spotify microsoft windows
    android iphone ipad mac linux python java javascript excel word english american british german french spanish italian portuguese russian
    chinese japanese korean indian african european asian mexican canadian australian dutch swedish greek turkish polish arabic hebrew hindi thai
    christian catholic muslim jewish hindu buddhist atheist monday tuesday wednesday thursday friday saturday sunday january february march april
    may june july august september october november december christmas easter ramadan thanksgiving halloween mum mom dad mama papa mommy daddy grandma grandpa
    doctor dr mr mrs ms professor there all everyone everybody team sir madam dear friend friends guys folks folk reader one anyone someone
    not just very really also still now then here well sorry please glad happy sad tired afraid sure going trying looking feeling having being
    ich du er sie es wir ihr der die das und oder aber wenn ja nein herr frau je tu il elle nous vous le la les et mais si oui non yo tu el ella
    nosotros eu ele ela nos voce io lui lei noi voi я ты он она мы вы они это и но да нет εγω εσυ αυτος αυτη
    london paris berlin rome madrid moscow tokyo beijing india china america england france germany spain italy japan russia brazil mexico canada australia
    europe asia africa texas california florida adhd ptsd ocd autism bpd add usa uk eu nhs covid""".split()
)
"""Words that stand where names do and are none."""

NEVER_OTHER = frozenset(
    "iban trump biden obama putin hitler americans jew nazi democrat republican mormon protestant buddhist lesbian puerto rican black white danish norwegian finnish irish scottish welsh belgian austrian swiss hungarian czech romanian ukrainian israeli egyptian iranian "
    "iraqi pakistani brazilian argentinian colombian cuban nigerian kenyan vietnamese indonesian filipino latin victorian roman januar februar marz "
    "mai juni juli oktober dezember montag dienstag mittwoch donnerstag freitag samstag sonntag enero febrero marzo abril mayo junio julio agosto "
    "octubre noviembre diciembre janvier fevrier mars avril juin juillet aout octobre decembre janeiro fevereiro marco maio junho julho outubro "
    "dezembro natal noel weihnachten ostern navidad कहते يقول قال قالت تقول لا لم ليس كان كانت אומר אמר אומרת אמרה לא היה הייתה कहते कहता कहती है ने मुझे вы вас вам ваш ваша бог россия россии москва москве "
    "украина украине сша греция ελλαδα αθηνα θεος θεε".split()
)

SURE = frozenset(
    "john jack peter mike mary bob bobby jenny harry tom tommy jerry josh eric robin maria martin carol george james henry charles david sarah anna sara clara elena "
    "lucia julia laura marie paul simon thomas lukas leon felix max anton bruno hugo pablo diego jorge juan luis pedro carmen pilar rosa paulo ana joao jana nina eva "
    "mia ella lena emma lisa smith jones johnson fischer schneider weber becker neumann schwarz zimmermann muller kruger hartmann moreno castillo vega nicholas nick "
    "ben sam dan alex chris kate katie meg jess jimmy johnny billy betty nancy sally molly polly becky".split()
)
"""Common words, or forms of them, that are names where they are capitalised."""

LOWER_TOO = frozenset(
    "john maria david sarah laura thomas james charles nicholas pablo diego jorge juan luis pedro lukas johnny jimmy katie lisa emma eric josh".split()
)
"""Of those, the ones that are hardly ever anything else in lower case."""

SEMITIC_WORDS = frozenset(
    "علي عليه أنا هذا هذه كان كانت من في على إلى عن مع أن إن لا ما هل كل بعد قبل ثم كما لكن أو حتى نور أمل سعيد جميل كريم حياة سلام هدى وفاء إيمان رضا كمال جمال عادل نبيل صالح حسن قمر مال بدر أحد سلامة شكر خير ذكي عرب عام يوم منى بيان".split()
) | frozenset(
    "עלי עליו אני אתה את הוא היא אנחנו לא כן זה זו של על עם אל מה מי גם כל או אבל כי אם אור שיר גל טל חן עדן נועם שקד אביב ים דר בר רם רז לי שלי שלו לוי".split()
) - frozenset(["לוי"])
DEVANAGARI_WORDS = frozenset(
    "काम आज मन राज काल दिन जीवन प्रेम शांति आशा ज्योति पूजा मधु सुमन विजय आनंद प्रकाश अमर सागर किरण कला माया राम है और की के को में".split()
)
LOWER_NEVER = frozenset(
    "irma alba amparo aurora consuelo concepcion constance bailey blake flor gloria soledad socorro rocio milagros esperanza paloma salvador mercedes regina lana nana "
    "isis leone franco lourdes pilar marin rosario nova tara mara tess jill jade lila umar dora maia maja erna elba loris emery mina mika claude alexa don art".split()
)
WITH_HAN = re.compile(
    "(?:(?:和|跟|与|被|找|恨|爱上|喜欢)|^)(?P<family>[\u4e00-\u9fff])(?P<given>[\u4e00-\u9fff]{1,2})(?=分手|吵|结婚|在一起|道歉|打我|骂我|离婚|昨天|今天|告诉我|离开|欠我|说我|不理)"
)
HAN_FAMILIES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁沈姚卢姜崔钟谭陆汪范廖贾夏韦付邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵钱严覃武戴莫孔汤"
)
"""Those that are common and begin few other words."""
CALLED_HAN = re.compile(
    "老板|先生|女士|小姐|太太|老师|老師|医生|醫生|教授|经理|經理|主任|同学|同學|律师|师傅|阿姨|叔叔"
)
HANGUL = re.compile(r"([가-힣])([가-힣]{2})")
HANGUL_ENDINGS = frozenset(
    "이 가 은 는 아 야 이가 이는 씨 를 을 이를 와 과 이랑 랑 한테 에게 의 도 이도 이한테 이에게 씨가 씨는".split()
)
HAN_WORDS = frozenset("高兴的 黄金的 安全性 时间长 方法是 白天的 明白了".split())
JAPANESE_FAMILIES = frozenset(
    "佐藤 鈴木 高橋 田中 渡辺 伊藤 山本 中村 小林 加藤 吉田 山田 佐々木 斎藤 木村 近藤 坂本 遠藤 青木 藤井 西村 福田 太田 三浦 岡本 松田 中島 中川 原田 小野 田村 竹内 金子 和田 中山 石田 上田 森田 宮崎 酒井 工藤 横山 石井 渡部 桐山 村山 津田 若松 宇野 井上 杉山 浜田 喜嶋 江古田 青田 廣川 大垣 野村 笹田".split()
)
