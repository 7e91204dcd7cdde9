"""Words that tell a language in a message too short for statistics."""

from collections import defaultdict

_WORDS = {
    "en": "the is my where what when how you your i'm i've don't please thanks thank hello hi hey want need can"
    " could would"
    " have has been was are this that with not yes okay still yet it's",
    "de": "ich bin ist nicht mein meine meinen wo wann wie bitte danke hallo moin guten tag und oder das die der ein"
    " eine"
    " kein keine haben habe kann können noch immer für auf mit wurde war ja nein warum möchte will sie ihr schon"
    " servus",
    "fr": "je j'ai est pas mon ma mes où quand comment merci bonjour salut svp bjr slt bonsoir et ou le la les un"
    " une des"
    " vous avez votre pour avec n'est c'est s'il plaît oui non pourquoi veux voudrais commande colis reçu"
    " remboursement",
    "es": "yo mi mis dónde donde cuándo cuando cómo gracias hola buenas buenos días y o el los las una no quiero"
    " necesito"
    " tengo está pedido para con por favor sí qué porque ya usted ustedes he mi",
    "pt": "eu meu minha meus onde quando como obrigado obrigada olá oi bom dia boa tarde e ou os um uma não quero"
    " preciso"
    " tenho está encomenda para com por favor sim vocês você cadê já ainda foi pra",
    "it": "io mio mia dove quando come grazie ciao buongiorno salve e il lo gli una non voglio ho è sono ordine"
    " pacco per"
    " con favore sì perché ancora arrivato rimborso buonasera",
    "nl": "ik mijn waar wanneer hoe bedankt hallo goedemorgen goedendag en het een niet wil heb is bestelling pakket"
    " voor met alstublieft ja nee waarom nog dank hoi dag goedemiddag",
}
TELLING: dict[str, tuple[str, ...]] = {}
_found: dict[str, list[str]] = defaultdict(list)
for _language, _line in _WORDS.items():
    for _word in dict.fromkeys(_line.split()):
        _found[_word].append(_language)
TELLING.update((word, tuple(languages)) for word, languages in _found.items())

# Hindi in Latin letters: no word of the other languages is spelled so.
_HINDI = (
    "mera meri mere mujhe mujhko mujhse hai hain hoon hua hui huye nahi nahin nhi nai kahan kahaan kaha kab kaise"
    " kyun kyu kyon"
    " kya kiya karo karna karni karne kardo karun karu krna krdo kar karke kr raha rahi rahe rha rhi gaya gayi gaye"
    " gya aaya"
    " aayi aaye aayega aaega ayega aata milega mila mili mile chahiye chaiye chahie abhi tak apna apni apne aap"
    " aapka aapke"
    " aapko aapki aapne humara hamara hamare tha thi wapas vapas paisa paise saman samaan saamaan galat toota tuta"
    " kharab"
    " bhai bhaiya didi yaar namaste namaskar shukriya dhanyavaad dhanyawad bahut bohot accha acha achha theek thik"
    " haan ji"
    " kripya jaldi batao bataiye bhejo bheja bhej diya dijiye dedo karwana karwao wala wali wale lekin magar agar"
    " isme isko isse uska uski yeh woh kuch koi sab matlab samajh maine mene hum tum tumhara din pehle pahle baad"
    " chuka chuki hota hoti hogi hoga hone ho lena lene leni dena dene deni liye sakta sakte sakti wahi kidhar kaun"
    " kitna"
    " kitne kitni galti ka ki ko bhi aur pata bata batana chal gya ghatiya kharidna mangwaya bheji nikla niklega"
    " karwa hafte rupaye rupay"
)
HINDI = frozenset(_HINDI.split())
# These are spelled so elsewhere too and count only beside one of the others.
_HINDI_TOO = "ke se me mein main par pe to do ye wo na ya is us ek teen sir madam aaj kal de di le lag laga band"
HINDI_TOO = frozenset(_HINDI_TOO.split())
