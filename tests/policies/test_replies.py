"""Every sentence can be said, in every language, with the facts it may quote."""

from string import Formatter
from types import ModuleType

import pytest

from policies import refunds, returns
from policies.bundle import RefundRules
from policies.facts import OrderStatus, ReasonCode, RefundStatus
from policies.replies import Replies
from policies.yaml_lines import load
from tests.policies.rule_ids import denials_of
from tests.policies.shipped import REPLY_TEXTS

LANGUAGES = {name: load(text, Replies, f"replies.{name}.yaml") for name, text in REPLY_TEXTS.items()}
SENTENCES = tuple(Replies.model_fields)
every_language = pytest.mark.parametrize("language", LANGUAGES)
every_sentence = pytest.mark.parametrize("sentence", SENTENCES)


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def said(language: str, sentence: str, **facts: str) -> str:
    return LANGUAGES[language].say(sentence, **facts)


@every_language
@every_sentence
def test_a_sentence_renders_with_the_facts_it_quotes(language: str, sentence: str) -> None:
    needs = placeholders(getattr(LANGUAGES[language], sentence))
    text = said(language, sentence, **{name: f"<{name}>" for name in needs})
    assert text.strip()
    assert all(f"<{name}>" in text for name in needs)
    assert not set("{}") & set(text)


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
@every_sentence
def test_a_translation_quotes_the_same_facts_as_the_english(language: str, sentence: str) -> None:
    ours, english = (placeholders(getattr(LANGUAGES[name], sentence)) for name in (language, "en"))
    assert ours == english, f"{sentence} says other facts in {language} than in English"


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
def test_a_translation_leaves_nothing_in_english(language: str) -> None:
    bare = {"order_choice"}
    same = {name for name in SENTENCES if getattr(LANGUAGES[language], name) == getattr(LANGUAGES["en"], name)}
    assert same <= bare


@every_language
@pytest.mark.parametrize("room", [refunds, returns], ids=["refunds", "returns"])
def test_every_rule_that_denies_has_a_sentence(language: str, room: ModuleType) -> None:
    facts = {"order": "1", "amount": "$1", "date": "today", "days": "30"}
    texts = {rule: said(language, rule, **facts) for rule in denials_of(room)}
    assert texts
    assert len(set(texts.values())) == len(texts), "two rules say the same"


@every_language
@pytest.mark.parametrize("status", RefundStatus)
def test_every_state_of_a_refund_has_a_sentence_with_amount_and_reference(language: str, status: RefundStatus) -> None:
    assert {"amount", "refund", "order"} <= placeholders(getattr(LANGUAGES[language], f"refund_{status}"))
    assert getattr(LANGUAGES[language], f"refund_is_{status}")


@every_language
@pytest.mark.parametrize("reason", ReasonCode)
def test_every_reason_has_a_sentence(language: str, reason: ReasonCode) -> None:
    assert getattr(LANGUAGES[language], f"why_{reason.value.lower()}")


@every_language
@pytest.mark.parametrize("status", OrderStatus)
def test_every_state_of_an_order_has_a_sentence_and_a_word(language: str, status: OrderStatus) -> None:
    assert getattr(LANGUAGES[language], f"status_{status}")
    assert getattr(LANGUAGES[language], f"order_is_{status}")


def test_no_rule_shares_its_name_with_a_sentence_about_money_that_moved() -> None:
    """A verdict's rule is said as it is; were it called `refund.settled`, a denial would announce a payment."""
    moved = {f"refund.{status}" for status in RefundStatus}
    assert not moved & (denials_of(refunds) | denials_of(returns))


def test_a_fact_with_braces_is_quoted_and_not_filled() -> None:
    assert said("en", "no_refunds", order="{order.__class__}") == "There is no refund on order #{order.__class__}."


def test_an_unknown_sentence_is_a_bug_and_says_so() -> None:
    with pytest.raises(AttributeError):
        said("en", "refund.invented")


def test_the_offers_lifetime_is_not_written_into_words() -> None:
    """Numbers that policy sets must not be repeated in prose that nobody changes with them."""
    minutes = str(RefundRules.model_fields["offer_minutes"].default)
    assert all(minutes not in getattr(words, name) for words in LANGUAGES.values() for name in SENTENCES)
