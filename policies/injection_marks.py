"""The marks an attack leaves in a text, whatever else it says: orders to a machine, fake voices, forged calls."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from policies.look_alikes import bare

CLEAR, DOUBTFUL, HINT = 0.92, 0.6, 0.25


class Mark(NamedTuple):
    """A mark by name, how much it proves in 0..1, and where in the text it stands."""

    name: str
    weight: float
    start: int


# Between an order and what it is about only words such as these may stand, so that "ignore my delivery instructions"
# stays a customer's sentence.
_BETWEEN = (
    r"(?:(?:about|all|any|of|the|your|ur|teh|previous|prior|earlier|above|preceding|past|former|original|"
    r"initial|system|other"
    r"|given|existing|current|every|these|those|set|hidden|old|developer|and|you|that|have|were|been|safety|content"
    r"|company|shop|internal|default|here)\W{1,3}){1,6}"
)
_DROP = (
    r"(?:ignore|ignoring|disregard|disregarding|forget|overlook|discard|neglect|override|bypass|drop|"
    r"delete|erase|disobey|violate)"
)
_ORDERS = (
    r"(?:instructions?|instrutions?|directives?|guidelines?|prompts?|programming|rules?|restrictions?|"
    r"commands?|training|guardrails?)"
)
_SHOW = (
    r"(?:show|print|reveal|repeat|output|display|leak|dump|tell|give|recite|echo|expose|share|send|write|"
    r"copy|list|quote|spell"
    r"|translate|summari[sz]e|encode|disclose|describe|what(?:'s| is| are| was| were| did| does))"
)
_HIDDEN = r"(?:system|initial|hidden|secret|original|developer|pre|internal|confidential|starting)"
_TOOLS = (
    r"(?:initiate_(?:refund|return)|issue_refund|check_fraud_score|get_(?:order_status|eta|delivery_photo|"
    r"return_window)"
    r"|cancel_order|change_address|escalate_to_human|search_policy|send_notification|track_package)"
)
_USER = (
    r"(?:the users?|utilisateur|usuario|usuaria|usuário|utente|benutzers?|nutzers?|пользовател\w{0,3}|"
    r"kullanici\w{0,4}|χρηστη\w?"
    r"|gebruiker)"
)
_ABOUT_USER = (
    r"(?:liv\w{1,3}|where|e-?mails?|birth\w{0,4}|born|address|phone|initials?|city|name|password|location|"
    r"age|residence)"
)
_PRIOR = (
    r"(?:vorherig|bisherig|vorig|obig|fruher|deine|ihre|alle|precedent|anterieur|anterior|previa|tes\b|"
    r"tuas?\b|suas?\b|tus\b|todas|todos"
    r"|toutes|tutte|precedenti|eerdere|vorige|poprzedni|wczesniej|tidigare|onceki|sebelum|truoc|pichl|"
    r"sare|saare|προηγ|предыд|прежн"
    r"|все|всё)"
)
_DROP_ABROAD = (
    r"(?:ignor|vergiss|vergess|missacht|oubli|olvid|esque[cç]|desconsider|dimentic|negeer|vergeet|"
    r"zapomnij|pomin|glom|bo qua"
    r"|abaikan|lupakan|bhool|bhul|αγνο|ξεχα|забуд|проигнор|игнор)"
)
_ORDERS_ABROAD = (
    r"(?:anweisung|instruktion|regeln|befehl|vorgaben|richtlinie|instruction|consigne|directive|regle|"
    r"instruccion|regla|orden"
    r"|instruco|instrucao|regra|ordens|istruzion|regole|instructies|regels|polece|instrukcj|instruktioner|"
    r"regler|huong dan"
    r"|instruksi|perintah|nirdesh|niyam|οδηγι|εντολ|инструкц|указани|правил|команд)"
)
_GIVE_ABROAD = (
    r"(?:gib|gebt|geben|sag|verrat|nenn|teil|brauch|donne|dis|quel|partage|dime|dame|cual|compart|diga|"
    r"qual|preciso|dimmi|dammi"
    r"|condivid|скаж|дай|какой|назов)"
)
_YOUR_PASSWORD_ABROAD = (
    r"(?:dein|euer|ihr|ton|votre|tu|su|sua|tua|tuo|твой|свой|ваш)\w{0,2} (?:geheim\w{0,2} )?"
    r"(?:passwort|kennwort|mot de passe|contrasena|clave|senha|password|пароль)"
)

_PATTERNS: tuple[tuple[str, float, str], ...] = (
    ("override", CLEAR, rf"\b{_DROP}\W{{1,3}}{_BETWEEN}{_ORDERS}\b"),
    (
        "override",
        CLEAR,
        r"\b(?:ignore|forget|disregard|overlook)\W{1,3}(?:about )?(?:all|everything|what|anything)(?: that| of)?"
        r" (?:you(?:'ve| have| were| had|'d)?|i|we) (?:been |have |were )?(?:told|instructed|taught|"
        r"programmed|trained)\b",
    ),
    ("override", DOUBTFUL,
        r"\b(?:new|real|actual|updated) (?:system )?(?:instructions?|directives?|prompt)\W{0,3}(?:follow|:|"
        r"are\b)"),
    ("override", DOUBTFUL, r"\b(?:no longer|not) bound by\b"),
    ("override abroad", CLEAR, rf"\b{_DROP_ABROAD}\w{{0,8}}\W(?=.{{0,40}}?\b{_PRIOR}).{{0,60}}?{_ORDERS_ABROAD}"),
    ("override abroad", CLEAR, r"(?:忽略|无视|無視|忘记|忘掉|忘記|不要理会).{0,15}(?:指令|指示|说明|規則|规则|提示)"),
    ("override abroad", CLEAR, r"(?:指示|命令|ルール|指令|規則).{0,12}(?:無視|忘れ)"),
    ("override abroad", CLEAR, r"(?:지시|명령|지침|규칙).{0,8}(?:무시|잊)"),
    ("override abroad", CLEAR, r"(?:تجاهل|انس|اهمل).{0,25}(?:تعليمات|الاوامر|القواعد|اوامر)"),
    ("override abroad", CLEAR,
        r"(?:निर्देश|नियम|आदेश|अनुदेश).{0,25}(?:अनदेख|नज़रअंदाज|नजरअंदाज|भूल|उपेक्षा|अवहेलना)"),
    ("override abroad", CLEAR, r"(?:talimat|komut|kural)\w{0,8}.{0,15}(?:unut|yok ?say|gormezden|dikkate alma)"),
    ("override abroad", CLEAR, r"(?:nirdesh|instructions?|niyam|rules?)\W.{0,20}?(?:bhool ja|bhul ja|ignore kar)"),
    ("persona", CLEAR,
        r"\bdo anything now\b|\bjail ?br(?:oken|eak)\b|\b(?:dan|dude|aim|stan) mode\b|\bgod ?mode (?:on|"
        r"active|enabled)"),
    (
        "persona",
        DOUBTFUL,
        r"\b(?:unfiltered|uncensored|unrestricted|amoral|immoral|unethical|evil|rogue)\W{1,3}(?:and \w{1,15} )?"
        r"(?:ai|a\.i\.|bot|chatbot|assistant|model|language model|version|response|persona|mode|machine)",
    ),
    ("persona", DOUBTFUL, r"\b(?:stay|remain|never break|break|don't break|keep) (?:in )?character\b"),
    ("persona", DOUBTFUL,
        r"\b(?:developer|debug|sudo|admin|root|unrestricted|maintenance) mode (?:is )?(?:enabled|activated|"
        r"output|override|unlocked)\b"),
    (
        "persona",
        DOUBTFUL,
        r"\b(?:ai|bot|chatbot|model|machine|assistant)\b.{0,60}?\b(?:refuses? nothing|never (?:refuses?|says no)"
        r"|(?:no|without) (?:conscience|ethics|morals?|rules|limits|filters?|restrictions)|obeys? every)\b",
    ),
    ("persona", HINT,
        r"\b(?:no|without(?: any)?|free (?:of|from)(?: all)?) (?:ethic|moral|restriction|filter|limit|censor|"
        r"guideline)\w{0,8}"),
    ("persona", HINT, r"\b(?:chat ?gpt|gpt-?\d|openai|language model|llms?|as an ai)\b"),
    ("extraction", CLEAR,
        rf"\b{_SHOW}\b.{{0,40}}?\b(?:your|ur) (?:\w{{1,12}} )?{_HIDDEN}[ -]?(?:prompt|messages?|instructions?|"
        rf"directives?|rules)\b"),
    ("extraction", DOUBTFUL,
        r"\bsystem ?prompt\b|\bprompt systeme\b|\bsystemprompt|系统提示|システムプロンプト|시스템 프롬프트|"
        r"системн\w{2} промпт"),
    ("extraction", DOUBTFUL,
        rf"\b{_SHOW}\b.{{0,30}}?\b(?:your|ur) (?:(?:own|exact|full|entire) )?(?:prompt|programming)\b"),
    ("extraction", DOUBTFUL,
        rf"\b{_SHOW}\b.{{0,30}}?\byour {_HIDDEN} (?:prompt|messages?|instructions?|guidelines|directives?|"
        rf"rules|text)\b"),
    ("extraction", DOUBTFUL,
        r"\b(?:instructions?|rules|text|directives|words|prompt) (?:that )?you (?:were|have been|are|got|"
        r"had been) (?:given|provided|told|set|programmed|initiali)"),
    ("extraction", DOUBTFUL,
        r"\b(?:repeat|print|output|copy|echo|recite)\W(?:\w{1,12}\W){0,4}(?:above|before this|verbatim|"
        r"word for word)\b.{0,30}(?:this|message|line|prompt|conversation|instruction)"),
    ("secret abroad", DOUBTFUL,
        r"\b(?:das|dein|euer|ihr) (?:passwort|kennwort)\b(?=.{0,3}\?|$)|\b(?:le|ton|votre)"
        r" mot de passe\b(?= ?\?|$)"),
    ("secret abroad", DOUBTFUL,
        r"\b(?:cual es|dime|dame) (?:la|tu) (?:contrasena|clave)|\bqual (?:e|é) (?:a|sua|tua|la) (?:senha|"
        r"password)|какой пароль|скажи\w{0,2} пароль"),
    ("secret abroad", DOUBTFUL,
        r"パスワードは(?:何|なん)|パスワードを教|密码是(?:什么|多少)|告诉我.{0,4}密码|비밀번호(?:는|가|를)"
        r".{0,3}(?:무엇|뭐|알려)|पासवर्ड क्या|ما هي كلمة (?:المرور|السر)"),
    ("secret", DOUBTFUL,
        r"\b(?:what|tell|give|share|sharing|need|send|say|know|reveal|provide|guess|confirm|hand over)"
        r"\b.{0,40}?\b(?:your|the (?:system|admin|root|master|secret)(?:'s)?) (?:secret |admin |system |"
        r"access )?(?:passwords?|passcodes?|pass ?phrase|credentials|secret key|api key|private key|"
        r"secret code)\b(?! (?:reset|policy|page|link|recovery|field|rules|requirements?|form|change|mail|"
        r"e-?mail|was|has|have))"),
    ("secret abroad", DOUBTFUL, rf"\b{_GIVE_ABROAD}.{{0,40}}?\b{_YOUR_PASSWORD_ABROAD}"),
    ("secret abroad", DOUBTFUL,
        r"(?:あなた|君)のパスワード|(?:你|您|你们|系统)的?密码(?:给|是|告|发)|(?:너의|당신의|네|시스템)"
        r" ?(?:의 )?비밀번호|(?:तुम्हारा|आपका|सिस्टम का) पासवर्ड"),
    ("someone's data", DOUBTFUL, r"\bthe user['’]s\b(?! (?:manual|guide|instructions?|handbook|reviews?))"),
    ("someone's data", DOUBTFUL,
        rf"\b{_ABOUT_USER}\b.{{0,30}}?\b{_USER}\b(?! (?:manual|guide|interface|account|menu))"),
    ("someone's data", DOUBTFUL, rf"\b{_USER}(?:'s|’s)? (?:\w{{1,12}} ){{0,4}}?{_ABOUT_USER}\b"),
    ("someone's data", DOUBTFUL,
        r"(?:用户|ユーザー|사용자|उपयोगकर्ता|المستخدم).{0,12}(?:住|どこ|어디|कहां|कहाँ|रहत|يعيش|يسكن|邮箱|"
        r"生日)|(?:اين|أين) .{0,8}المستخدم"),
    ("voice", CLEAR,
        r"<\|?(?:im_start|im_end|system|endoftext)\|?>|\[/?inst\]|<</?sys>>|</?(?:system|tool_call|"
        r"function_call)>"),
    ("voice", CLEAR, r"[\"']?role[\"']?\s?[:=]\s?[\"']?(?:system|assistant|developer)\b"),
    ("voice", DOUBTFUL,
        r"(?:^|[\n<\[>#{(]|\w; )\s{0,3}(?:#{1,4} ?)?(?:system|assistant|admin|developer)\s{0,2}(?:note|"
        r"message|override|prompt|command|notice)?\s?[\]>]?\s?:"),
    ("voice", DOUBTFUL,
        r"\b(?:system|admin|developer|security|root|training data|safety|policy)[ _]{1,2}(?:mode|override)"
        r"\b.{0,3}[>\]:)]|<\W{0,2}(?:\w{1,12} ){0,4}(?:override|system) mode"),
    ("voice", DOUBTFUL,
        r"\b(?:note|message|attention|instructions?|dear) (?:to|for|all)? ?(?:the |any |an )?(?:ai|a\.i\.|"
        r"llms?|language models?|chatbots?|assistant|bot|automated systems?)\b"),
    ("voice", DOUBTFUL,
        r"\bif you are an? (?:ai|llm|language model|bot|assistant|machine)\b|\bai agents? (?:reading|handling|"
        r"processing|must|should)\b"),
    ("call", CLEAR,
        rf"\b{_TOOLS}\s?[(\[{{]|[\"'](?:tool|function|tool_name|name)[\"']\s?:\s?[\"']{_TOOLS}|\btool_calls?\b|"
        rf"\bfunction_call\b"),
    ("call", DOUBTFUL, rf"\b{_TOOLS}\b|\b(?:fraud_score|refund_limit|force=true|is_admin)\b"),
    ("call", DOUBTFUL,
        r"\b(?:skip|bypass|disable|without|override) (?:the |any |your )?(?:fraud|identity|approval|"
        r"verification|safety|security) (?:check|step|review|process|layer|filter)s?\b"),
    ("leak", CLEAR, r"!\[[^\]\n]{0,100}\]\(\s?https?://[^\s)]{1,300}[?&][\w-]{1,30}="),
    ("leak", DOUBTFUL, r"https?://[^\s)]{1,200}[?&][\w-]{1,30}=(?:[\[{<]|$|\s)|<img\b[^>]{0,200}\bonerror"),
    ("hidden", DOUBTFUL,
        r"<!--(?!.{0,3}<!--)(?=.{0,200}?\b(?:ignore|ai|assistant|state|print|tell|say|answer|system|bot|"
        r"instructions?)\b)"),
    ("hidden", DOUBTFUL, r"(?:display\s?:\s?none|visibility\s?:\s?hidden|font-size\s?:\s?0)\b"),
    ("many turns", DOUBTFUL,
        r"(?:^|\n|\s)(?:q|user|human|input)\s?:.{1,200}?\s(?:a|assistant|ai|output)\s?:.{1,300}?\s(?:q|user|"
        r"human|input)\s?:"),
    ("assembly", DOUBTFUL,
        r"\b(?:decode|decrypt|decipher|unscramble|convert) (?:this|the following|it|that)\b.{0,60}\b(?:and|"
        r"then) (?:\w{1,10} ){0,3}(?:tell|do|follow|answer|obey|execute|reply|carry|say)"),
    ("assembly", HINT, r"\b[a-z]\s?=\s?[\"'“].{1,80}?[\"'”].{0,30}?\b[a-z]\s?=\s?[\"'“]"),
    ("markup", HINT, r"</?(?:html|head|body|table|tr|td|caption|div|span|code|script|p|h\d)\b[^>]{0,100}>"),
    ("template", DOUBTFUL,
        r"[\[{<(]{1,2}\s?(?:insert|your|the)?[ _]?(?:your )?(?:prompt|question|request)[ _]?(?:here)?\s?[\]}>)"
        r"]{1,2}|\{\{(?:char|user)\}\}"),
)  # fmt: skip
_COMPILED = tuple((name, weight, re.compile(pattern)) for name, weight, pattern in _PATTERNS)


def marks(text: str) -> Iterator[Mark]:
    """Find the marks of a text, every place of each; `start` counts in the text as `bare` gives it."""
    plain = bare(text)
    for name, weight, pattern in _COMPILED:
        for match in pattern.finditer(plain):
            yield Mark(name, weight, match.start())
