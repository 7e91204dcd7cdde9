"""What is left of a message without its politeness and framing: "could you help me to cancel it" is "cancel it"."""

import re

from policies.slots import mask

FILLER = r"(?:please|pls|plz|kindly|just|also|really|now|and|then|so|but|ok|okay)"
HELP = r"(?:help|assistance|support|aid|a hand)"
SOME = r"(?:(?:some|any|your|ur|a bit of|a little) )?"
TO = r"(?:\s(?:to|with|in|for|on|about|regarding|at|of)\b)?"
YOU = r"(?:you|u|ya|someone|somebody|anyone|anybody)"
CAN = r"(?:can|could|would|will|may)"
ABOUT = r"(?:about|on|regarding|concerning|with)"
HOW_TO = (
    r"(?:how (?:to|i can|i could|can i|could i|do i|i should)"
    r"|what (?:to do|(?:do |should |must )?i (?:have to |need to |must |should )?do)(?: to| for)?)"
)
OPENINGS = (
    r"(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening|day)|dear (?:sir|madam|team|all)|sir|madam)"
    r"(?: there| team| all| sir)?[,.!]* ",
    rf"{FILLER},? ",
    r"(?:i|we)(?:'d| would|'m| am)? ?(?:need|want|require|like|looking for|in need of|would like|could use) "
    rf"(?:to (?:get|have) )?{SOME}{HELP}{TO} ",
    rf"(?:need|want|require) {SOME}{HELP}{TO} ",
    rf"{CAN} (?:{YOU}|i) (?:{FILLER} )?(?:help|assist|support|give me a hand|get {SOME}{HELP})(?: me| us)?{TO} ",
    rf"(?:help|assist|support)(?: me| us){TO} ",
    rf"{HELP} (?:to|with|in|for) |assistance ",
    rf"(?:i|we)(?:'m| am| are)? (?:do not|don't|dont|not) (?:know|sure|understand) {HOW_TO} ",
    rf"(?:i'd|i would) (?:like|love|want) to (?:know|learn|understand) {HOW_TO} ",
    rf"(?:i )?(?:want|need|wish) to know {HOW_TO} ",
    rf"{CAN} {YOU} (?:{FILLER} )?(?:tell|show|explain|say|inform|teach)(?: to)?(?: me| us)? (?:about )?{HOW_TO} ",
    rf"(?:tell|show|explain|teach)(?: to)?(?: me| us) {HOW_TO} ",
    rf"{HOW_TO} ",
    r"(?:i|we)(?:'m| am| are)? (?:try|trying|tried|attempting) to ",
    r"(?:i|we)(?:'ve| have)? (?:got|have|need|want|wish|must|like)(?: got)? to |(?:need|want) to ",
    r"(?:i|we)(?:'d| would) (?:like|love|prefer) to |i wanna |wanna |i gotta ",
    rf"(?:i(?:'ve)? (?:have|got)|i have|there is) (?:a|another|some|one) (?:question|query|doubt)s? {ABOUT} ",
    rf"(?:question|query)s? {ABOUT} ",
)
CLOSINGS = (
    r"please|pls|plz|thanks|thank you|thx",
    r"(?:can|could|would|will) (?:you|u|somebody|someone|anybody) (?:help|assist)(?: me)?",
    r"help me|(?:i )?(?:need|want) (?:some )?(?:help|assistance)",
    r"how (?:to|do i|can i|could i) do (?:it|that|this)",
    r"what (?:do i (?:have|need) to do|should i do|to do)",
    r"is (?:it|that) possible",
)
OPENING = re.compile("|".join(f"(?:{each})" for each in OPENINGS), re.IGNORECASE)
CLOSING = re.compile(rf"[ ,.;]{{1,8}}(?:{'|'.join(CLOSINGS)})[ ?.!]{{0,8}}$", re.IGNORECASE)
EMPTY = r"me|us|i|you|to|my|the|a|it|in|on|with|for|about|this|that|how|do|so|and"
MEANING = re.compile(rf"\b(?!(?:{EMPTY})\b)[^\W\d_]+", re.IGNORECASE)
ROUNDS = 4
LONGEST = 300


def essence(text: str) -> str:
    """Reduce a text to what is embedded of it: its beginning, without codes and framing."""
    return gist(mask(text)[:LONGEST])


def gist(text: str) -> str:
    """Strip framing from both ends; a text that is nothing but framing stays as it is. At most 300 characters."""
    left = " ".join(text[:LONGEST].replace("’", "'").split())
    for _ in range(ROUNDS):
        found = OPENING.match(left)
        shorter = CLOSING.sub("", left[found.end() :] if found else left).strip(" ,;:-")
        if shorter == left or not MEANING.search(shorter):
            break
        left = shorter
    return left
