"""The door to what a customer names in a message: orders, parcels and articles, and a text without their codes."""

import re
import unicodedata

from policies.awbs import awbs
from policies.codes import canonical
from policies.order_ids import BARE, MARKED, order_ids
from policies.skus import SKU, skus

__all__ = ["awbs", "canonical", "mask", "order_ids", "skus"]


def mask(text: str) -> str:
    """Leave out the codes of a text, so that its meaning does not depend on a number."""
    text = SKU.sub("item", unicodedata.normalize("NFKC", text))
    text = MARKED.sub("", text)
    return re.sub(r"\s+", " ", BARE.sub("", text)).strip()
