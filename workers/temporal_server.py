"""The options the Temporal development server needs to carry Holdfast: how it is started, by `up` and by the tests."""

from workflows.case_file import CUSTOMER, INTENT, NEEDS_HUMAN, OWNER, POLICY_VERSION, REFUND_CENTS, STAGE, TENANT

# Not encrypted by any codec and shown to every operator, so nothing personal may ever join this list.
SEARCH_ATTRIBUTES = (TENANT, CUSTOMER, INTENT, STAGE, OWNER, NEEDS_HUMAN, POLICY_VERSION, REFUND_CENTS)

# One shard polls its transfer queue 20 times a second by default, which costs every activity a 50 ms step.
PACE = ("--dynamic-config-value", "history.transferProcessorMaxPollRPS=200", "--sqlite-pragma", "journal_mode=WAL")


def search_attribute_flags() -> list[str]:
    """Spell SEARCH_ATTRIBUTES as the server's command line wants them."""
    names = {"KEYWORD": "Keyword", "BOOL": "Bool", "INT": "Int"}
    return [
        part
        for key in SEARCH_ATTRIBUTES
        for part in ("--search-attribute", f"{key.name}={names[key.indexed_value_type.name]}")
    ]
