"""Everything the deterministic tier can say: one template per sentence, and the facts each may quote."""

from string import Formatter
from typing import Annotated

from pydantic import AfterValidator

from policies.frozen import Fact


def quoting(*facts: str) -> AfterValidator:
    """Allow a template exactly these placeholders, plain names only: no `{a.b}`, `{a[0]}`, `{a!r}` or `{a:>9}`."""

    def check(template: str) -> str:
        try:
            fields = [(name, spec, how) for _, name, spec, how in Formatter().parse(template) if name is not None]
        except ValueError as error:
            raise ValueError(f"not a template: {error}") from None
        # A format or a conversion can fail on the fact it meets, in front of the customer.
        if shaped := [name for name, spec, how in fields if spec or how]:
            raise ValueError(f"placeholder {shaped[0]!r} has a format; write {{{shaped[0]}}} alone")
        if strange := {name for name, _, _ in fields} - set(facts):
            known = ", ".join(facts) or "none"
            raise ValueError(f"unknown placeholder {sorted(strange)[0]!r}; this sentence may quote: {known}")
        return template

    return AfterValidator(check)


Plain = Annotated[str, quoting()]
OfOrder = Annotated[str, quoting("order")]
OfRefund = Annotated[str, quoting("order", "amount", "method", "refund", "date", "failure")]
OfDenial = Annotated[str, quoting("order", "amount", "date", "days")]


class Replies(Fact):
    """The words of one language. Sentences about money quote only a ledger record or an unconfirmed quote.

    Conversations under way have pinned these words, so every field has a default and `bundle.parse` demands them all:
    give a sentence that is added after a release its English text as default.
    """

    greeting: Plain = ""
    thanks: Plain = ""
    out_of_scope: Plain = ""
    not_understood: Plain = ""
    plain_text_only: Plain = ""
    message_refused: Plain = "I can't take that message. Please tell me in your own words what you need for your order."
    contact_passed_on: Annotated[str, quoting("contact")] = "They have the contact you gave: {contact}."
    which_matter: Annotated[str, quoting("choices")] = "I want to be sure: is it about {choices}?"
    rest_outage: Plain = "I can't look into the rest of your message right now. Please ask me again in a few minutes."
    offer_dropped: Plain = "All right. I have not changed anything there."
    offer_replaced: Plain = "My earlier offer no longer stands; nothing was done with it."
    one_at_a_time: Plain = "I make one change at a time; the rest of what you asked for comes right after your answer."
    outage: Plain = ""

    which_order: Annotated[str, quoting("choices")] = ""
    order_choice: Annotated[str, quoting("order", "items", "status")] = ""
    order_absent: OfOrder = ""
    no_orders: Plain = ""

    order_is_pending: Plain = ""
    order_is_processed: Plain = ""
    order_is_in_transit: Plain = ""
    order_is_delivered: Plain = ""
    order_is_cancelled: Plain = ""
    order_is_returned: Plain = ""
    status_pending: Annotated[str, quoting("order", "items")] = ""
    status_processed: Annotated[str, quoting("order", "items")] = ""
    status_in_transit: Annotated[str, quoting("order", "items")] = ""
    status_delivered_undated: Annotated[str, quoting("order", "items")] = ""
    status_delivered: Annotated[str, quoting("order", "items", "date")] = ""
    status_delivered_signed: Annotated[str, quoting("order", "items", "date", "signed_by")] = ""
    status_cancelled: Annotated[str, quoting("order", "items")] = ""
    status_returned: Annotated[str, quoting("order", "items")] = ""
    eta: Annotated[str, quoting("date")] = ""
    no_eta: Plain = ""
    last_seen: Annotated[str, quoting("event", "place", "date")] = ""
    photo_exists: Plain = ""

    refund_offer: Annotated[str, quoting("order", "amount", "method", "why")] = ""
    needs_approval: Plain = ""
    why_delivery_dispute: Annotated[str, quoting("date", "signed")] = ""
    signed: Annotated[str, quoting("signed_by")] = ""
    why_delivery_failed: Plain = ""
    why_damaged_item: Plain = ""
    why_wrong_item: Plain = ""
    why_customer_request: Plain = ""
    offer_again: Annotated[str, quoting("offer")] = ""
    offer_reminder: Annotated[str, quoting("offer")] = ""
    offer_declined: Plain = ""
    offer_expired: Plain = ""
    offer_changed: Plain = ""

    refund_pending: OfRefund = ""
    refund_approved: OfRefund = ""
    refund_settled: OfRefund = ""
    refund_failed: OfRefund = ""
    refund_unknown: OfOrder = ""
    refund_working: OfOrder = ""
    refund_underway: OfOrder = ""
    refund_waiting: Annotated[str, quoting("order", "deadline")] = ""
    refund_denied: Annotated[str, quoting("order", "reason")] = ""
    refund_approval_expired: OfOrder = ""
    refund_changed: OfOrder = ""
    refund_not_paid: OfOrder = ""
    refunds_listed: Annotated[str, quoting("order", "refunds")] = ""
    refund_line: Annotated[str, quoting("amount", "method", "status", "refund", "date")] = ""
    refund_is_pending: Plain = ""
    refund_is_approved: Plain = ""
    refund_is_settled: Plain = ""
    refund_is_failed: Plain = ""
    no_refunds: OfOrder = ""

    refund_already_refunded: OfDenial = ""
    refund_foreign_currency: OfDenial = ""
    refund_amount_not_positive: OfDenial = ""
    refund_above_refundable: OfDenial = ""
    refund_not_shipped: OfDenial = ""
    refund_still_in_transit: OfDenial = ""
    refund_order_cancelled: OfDenial = ""
    refund_return_first: OfDenial = ""
    refund_split_payment: OfDenial = ""

    return_offer: Annotated[str, quoting("order", "items", "date")] = ""
    return_done: Annotated[str, quoting("order", "reference", "url", "date")] = ""
    return_not_delivered: OfDenial = ""
    return_window_closed: OfDenial = ""
    return_already_open: OfDenial = ""
    window_open: Annotated[str, quoting("items", "days", "date")] = (
        "Yes, you can send back {items} until {date}: {days} days after delivery for your tier, unless it is one of "
        "the things that cannot be returned."
    )
    window_closed: Annotated[str, quoting("items", "days", "date")] = "No, the {days} days for {items} ended on {date}."
    window_ahead: Annotated[str, quoting("items", "days")] = (
        "For {items} you have {days} days from the day of delivery to send it back."
    )
    window_general: Annotated[str, quoting("days")] = (
        "In general you have {days} days from delivery to send something back."
    )
    window_category: Annotated[str, quoting("days")] = (
        "For articles of this kind you have {days} days from delivery to send them back."
    )
    cancel_offer: Annotated[str, quoting("order", "items")] = ""
    cancel_done: OfOrder = ""
    cancel_too_late: OfDenial = ""
    address_ask: OfOrder = ""
    address_unclear: Plain = ""
    address_offer: Annotated[str, quoting("order", "address")] = ""
    address_done: OfOrder = ""
    address_too_late: OfDenial = ""
    change_unknown: OfOrder = ""
    change_refused: OfOrder = ""

    policy_answer: Annotated[str, quoting("title", "text", "document", "version", "date")] = ""
    policy_answer_undated: Annotated[str, quoting("title", "text", "document", "version")] = (
        "{text}\n(Source: {document}, “{title}”, version {version})"
    )
    policy_absent: Plain = ""
    policy_disputed: Plain = "Our documents are not clear on this, so I will not guess."

    handed_over: Annotated[str, quoting("ticket")] = ""
    hand_over_pending: Plain = ""
    with_person: Annotated[str, quoting("ticket")] = ""
    closing: Plain = ""

    person_by: Annotated[str, quoting("time")] = "A colleague will answer you here by {time}."
    person_named_by: Annotated[str, quoting("name", "time")] = "{name} from our team will answer you here by {time}."
    person_closed: Annotated[str, quoting("opens", "time")] = (
        "Our people are not at work right now; they are back on {opens}. You will get an answer by {time}, here and by "
        "e-mail."
    )
    person_joined: Annotated[str, quoting("name")] = "{name} from our team is now here for you."
    person_left: Annotated[str, quoting("name")] = (
        "{name} has left the conversation, and I am here for you again. Is there anything else I can do?"
    )
    person_late: Annotated[str, quoting("time")] = (
        "I am sorry: this takes longer than I told you. I am passing it on within our team, and you will hear from us "
        "by {time}."
    )
    person_decided: Annotated[str, quoting("name", "decision")] = "{name} from our team has decided this: {decision}"
    person_resolved: Plain = (
        "Our team has closed this conversation. Was it helpful? A thumbs up or down tells us. You can start a new "
        "conversation at any time."
    )
    ai_paused: Plain = "I don't answer such questions by myself at the moment; a colleague will."
    photo_received: Plain = "I have your photo and keep it with this conversation."

    mail_subject: OfOrder = ""
    person_mail_subject: Annotated[str, quoting("tenant")] = "An answer from {tenant}"

    def say(self, sentence: str, **facts: object) -> str:
        """Fill one template by its name, dots read as underscores; raises AttributeError for an unknown sentence."""
        template: str = getattr(self, sentence.replace(".", "_"))
        return template.format(**facts)
