"""What tests of structured tasks ask with: an allowance, a customer with two orders, and the shipped prompts."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import policies
from activities.prompt_files import read_prompts
from policies.facts import OrderBrief, OrderStatus
from policies.inference import Allowance
from policies.prompts import Setting

PROMPTS = read_prompts(Path(policies.__file__).parent / "instructions")
ALLOWANCE = Allowance(tenant="northwind", tiers=("S",), rule="tier.light", calls=2, seconds=5, nano_usd=10_000_000)


def brief(order_id: str, *awbs: str, title: str = "Desk lamp") -> OrderBrief:
    placed = datetime(2026, 1, 5, tzinfo=UTC)
    return OrderBrief(order_id=order_id, status=OrderStatus.IN_TRANSIT, titles=(title,), awbs=awbs, placed_at=placed)


ORDERS = (brief("NW-10023", "AWB-20001"), brief("NW-10024", title="Walnut shelf"))


def asking(message: str, *orders: OrderBrief, language: str = "en") -> dict[str, Any]:
    """Give the fields every ask has."""
    setting = Setting(tier="gold", region="US", language=language, orders=orders)
    return {"allowance": ALLOWANCE, "prompt": "1", "setting": setting, "message": message}
