"""What the rules mean, one plain sentence each; a rule that is missing here is shown by its id."""

from collections.abc import Mapping

RULES: Mapping[str, str] = {
    "message.trusted": "The words look like a customer's own, so they may move something.",
    "message.plain_text": "The words look like instructions to a machine: answered, but nothing may be changed.",
    "message.refuse": "The words look like an attack: refused.",
    "routing.intent": "The matter was clear from the words.",
    "routing.model": "A language model named the matter, because nothing else was sure.",
    "routing.proposed": "A language model proposed what to do; the rules chose whether.",
    "routing.answers_our_question": "The message answers the question asked before.",
    "routing.among_offered": "The message chooses among the matters offered.",
    "routing.goes_on": "The message goes on with the matter before.",
    "routing.unsure": "The matter was not clear enough to act.",
    "routing.flagged": "The message was flagged, so it led nowhere.",
    "routing.asked": "The customer asked for a person.",
    "routing.none": "No message led to this turn.",
    "refund.within_limits": "The refund is within what may be paid without a person.",
    "refund.above_auto_limit": "The amount is above what may be paid without a person.",
    "refund.currency_without_limit": "No limit is set for this currency, so a person decides.",
    "refund.window_closed": "The time to ask for this refund has passed, so a person decides.",
    "refund.already_refunded": "The order was refunded already.",
    "refund.above_refundable": "More was asked for than is left to refund.",
    "refund.amount_not_positive": "The amount asked for is not one.",
    "refund.foreign_currency": "The amount asked for is in another currency than the order's.",
    "refund.order_cancelled": "The order was cancelled; there is nothing to refund.",
    "refund.not_shipped": "The order has not left yet: it can be cancelled instead.",
    "refund.still_in_transit": "The parcel is still on its way.",
    "refund.return_first": "The goods have to come back first.",
    "refund.fraud_low": "The fraud check says low risk; the rules want a person even so.",
    "refund.fraud_medium": "The fraud check says medium risk, so a person decides.",
    "refund.fraud_high": "The fraud check says high risk, so a person decides.",
    "refund.split_payment": "The order was paid in several ways, so a person decides.",
    "refund.in_progress": "A refund of this order is under way already.",
    "return.not_delivered": "The order has not been delivered, so nothing can come back yet.",
    "return.already_open": "Everything of this order is being returned already.",
    "return.window_closed": "The time to send it back has passed.",
    "return.promised": "A longer time to send it back was promised before, and holds.",
    "offer.accepted": "The customer confirmed exactly this offer.",
    "tool.listed": "The tool belongs to this matter.",
    "tool.not_in_playbook": "The tool does not belong to this matter.",
    "tool.turns_spent": "The tools of this matter were used as often as they may be.",
    "tool.not_trusted": "The words were not trusted, so nothing but reading was allowed.",
    "tool.unconfirmed": "The customer has not confirmed it.",
    "policy.found": "A clause in force answers the question.",
    "policy.absent": "No clause answers the question.",
    "policy.disputed": "Two clauses in force contradict each other, so a person decides.",
    "policy.withheld": "The answer was withheld.",
    "reply.borne_out": "Every statement of the reply is borne out by facts on record.",
    "ai.paused": "The AI is paused for this matter.",
    "approval.allowed": "The approval counts.",
    "approval.four_eyes": "A second, different person must approve.",
    "approval.role": "The role may not approve this.",
    "approval.handled_it": "Whoever handled the conversation cannot approve it.",
    "case.allowed": "The act was allowed.",
    "case.absent": "No case is open, so there is nothing to hand back or to resolve.",
    "case.closed": "The conversation is closed; only notes and tags are still possible.",
    "case.not_yours": "A colleague has the word.",
    "case.role": "Only agents and supervisors may handle conversations.",
    "case.taken": "A colleague has claimed it before.",
    "tier.no_time": "Too little time was left for a language model.",
    "tier.no_money": "Too little money was left for a language model.",
    "tier.hurry": "Little time was left: a small model.",
    "tier.wish_fast": "A quick answer was asked for: a small model.",
    "tier.wish_best": "The best answer was asked for: the ablest model.",
    "tier.tangled_money": "Several matters and money at once: the ablest model.",
    "tier.novel": "Nothing like it is known: the ablest model.",
    "tier.tangled": "Several matters at once: a middle model.",
    "tier.money": "Money is at stake: a middle model.",
    "tier.unsure": "The matter was unclear: a middle model.",
    "tier.policy_words": "Clauses to be put into words: a middle model.",
    "tier.light": "Nothing difficult: a small model.",
    "tier.task_off": "Language models are switched off for this task.",
    "tier.no_deployment": "No language model is deployed for it.",
    "tier.no_row": "No line of the routing table fits it.",
    "tier.not_trusted": "The words were not trusted, so no model was asked.",
    "tier.calls_spent": "The calls of this turn were spent.",
    "tier.time_spent": "The time of this turn was spent.",
    "tier.cost_lowered": "A cheaper model was taken, to stay within the budget.",
    "tier.out_of_reach": "No model could be reached.",
}

OUTCOMES: Mapping[str, str] = {"allow": "yes", "ask_human": "ask a person", "deny": "no"}


def sentence(rule: str) -> str:
    """Say what a rule means, or name it."""
    if rule.startswith("reply.") and rule not in RULES:
        return f"The model's wording was not used ({rule.removeprefix('reply.').replace('_', ' ')})."
    return RULES.get(rule, f"Rule {rule}.")


def outcome(verdict: str) -> str:
    return OUTCOMES.get(verdict, verdict)
