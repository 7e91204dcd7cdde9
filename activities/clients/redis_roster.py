"""Who is at work, in Redis: whom a conversation is given to is chosen and remembered in one script."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from redis.asyncio import Redis

from activities.clients.redis_desk_keys import desk_of, store
from activities.desk_ports import Changed, Member, StaffRole
from policies.inbox import millis

# How long somebody who was given a conversation is counted as having it before the inbox says so.
RESERVED = timedelta(seconds=60)
LISTED = timedelta(days=1)

# `people` holds who was seen, `settings` what they set, `given` to whom a conversation was given and when,
# `given:<subject>` the same from their side, `turns` when each was chosen last, as a number that only grows.
CASES = """
local at, now, reserved = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local function member_of(held)
  local member = cjson.decode(held)
  local away, capacity = unpack(redis.call(
    'HMGET', at .. 'settings', 'away:' .. member.subject, 'capacity:' .. member.subject))
  if away then member.away = away == '1' end
  if capacity then member.capacity = tonumber(capacity) end
  return member
end
local function has(subject, id) return redis.call('ZSCORE', at .. 'cases:' .. subject, id) end
local function open_cases(subject)
  local count = redis.call('ZCARD', at .. 'cases:' .. subject)
  redis.call('ZREMRANGEBYSCORE', at .. 'given:' .. subject, '-inf', now - reserved)
  for _, id in ipairs(redis.call('ZRANGE', at .. 'given:' .. subject, 0, -1)) do
    if not has(subject, id) then count = count + 1 end
  end
  return count
end
"""

# ARGV: now, reserved, until when somebody must have been seen.
MEMBERS = f"""{CASES}
local members = {{}}
for _, held in ipairs(redis.call('HVALS', at .. 'people')) do
  local member = member_of(held)
  if member.until_ms < tonumber(ARGV[3]) then
    redis.call('HDEL', at .. 'people', member.subject)
  else
    member.open_cases = open_cases(member.subject)
    members[#members + 1] = cjson.encode(member)
  end
end
return members
"""

# ARGV: now, reserved, conversation, role, then those who may not be chosen.
CHOOSE = f"""{CASES}
local id, role, barred = ARGV[3], ARGV[4], {{}}
for place = 5, #ARGV do barred[ARGV[place]] = true end
local function present(member)
  return member.role == role and not member.away and member.until_ms > now and not barred[member.subject]
end
local before = redis.call('HGET', at .. 'given', id)
local held = before and redis.call('HGET', at .. 'people', before)
local chosen = held and member_of(held)
local kept = chosen and (has(before, id) or redis.call('ZSCORE', at .. 'given:' .. before, id))
if kept and present(chosen) and (has(before, id) or tonumber(kept) > now - reserved) then
  chosen.open_cases = open_cases(before)
  return cjson.encode(chosen)
end
chosen = nil
local longest_ago
for _, held in ipairs(redis.call('HVALS', at .. 'people')) do
  local member = member_of(held)
  if present(member) then
    member.open_cases = open_cases(member.subject)
    local turn = tonumber(redis.call('ZSCORE', at .. 'turns', member.subject) or 0)
    local sooner = not chosen or turn < longest_ago or turn == longest_ago and member.subject < chosen.subject
    if member.open_cases < member.capacity and sooner then chosen, longest_ago = member, turn end
  end
end
if before then
  redis.call('ZREM', at .. 'given:' .. before, id)
  redis.call('HDEL', at .. 'given', id)
end
if not chosen then return false end
redis.call('HSET', at .. 'given', id, chosen.subject)
redis.call('EXPIRE', at .. 'given', 86400)
redis.call('ZADD', at .. 'given:' .. chosen.subject, now, id)
redis.call('PEXPIRE', at .. 'given:' .. chosen.subject, reserved)
redis.call('ZADD', at .. 'turns', redis.call('INCR', at .. 'turn'), chosen.subject)
chosen.open_cases = open_cases(chosen.subject)
return cjson.encode(chosen)
"""

# ARGV: who, what to tell where they were not at work until now.
SEEN = """
local at, member = KEYS[1], cjson.decode(ARGV[1])
local held = redis.call('HGET', at .. 'people', member.subject)
local before = held and cjson.decode(held)
local clock = redis.call('TIME')
if member.name == '' then member.name = before and before.name or member.subject end
redis.call('HSET', at .. 'people', member.subject, cjson.encode(member))
if not before or before.until_ms < clock[1] * 1000 or before.role ~= member.role or before.name ~= member.name then
  redis.call('PUBLISH', at .. 'wire', ARGV[2])
end
"""


class RedisRoster:
    """Implement the Roster port."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._seen = redis.register_script(SEEN)
        self._members = redis.register_script(MEMBERS)
        self._choose = redis.register_script(CHOOSE)

    async def seen(self, tenant: str, member: Member) -> None:
        """Keep that somebody's console is open; an empty name keeps the one they had, else it is their subject."""
        shape = {"until_ms": millis(member.until), **member.model_dump(exclude={"until", "open_cases"})}
        with store():
            await self._seen(keys=[desk_of(tenant)], args=[json.dumps(shape), _told(member.subject)])

    async def set(self, tenant: str, subject: str, *, away: bool | None = None, capacity: int | None = None) -> None:
        """Keep what somebody sets for themselves, until they set it anew."""
        if away is None and capacity is None:
            return
        with store():
            async with self._redis.pipeline(transaction=True) as steps:
                if away is not None:
                    steps.hset(f"{desk_of(tenant)}settings", f"away:{subject}", str(int(away)))
                if capacity is not None:
                    steps.hset(f"{desk_of(tenant)}settings", f"capacity:{subject}", str(capacity))
                steps.publish(f"{desk_of(tenant)}wire", _told(subject))
                await steps.execute()

    async def members(self, tenant: str, now: datetime) -> tuple[Member, ...]:
        args = [millis(now), millis_of(RESERVED), millis(now - LISTED)]
        with store():
            held = cast(list[bytes], await self._members(keys=[desk_of(tenant)], args=args))
        members = [_member(one) for one in held]
        return tuple(sorted(members, key=lambda member: (member.until <= now, member.away, member.name.casefold())))

    async def choose(
        self, tenant: str, conversation_id: str, role: StaffRole, except_for: Sequence[str], now: datetime
    ) -> Member | None:
        """Reserve a person: for a minute they count as having the conversation, then only if the inbox says so."""
        args = [millis(now), millis_of(RESERVED), conversation_id, role, *except_for]
        with store():
            chosen = cast(bytes | None, await self._choose(keys=[desk_of(tenant)], args=args))
        return _member(chosen) if chosen else None


def millis_of(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)


def _member(held: bytes) -> Member:
    shape: dict[str, Any] = json.loads(held)
    until = datetime.fromtimestamp(shape.pop("until_ms") / 1000, UTC)
    return Member.model_validate({**shape, "until": until})


def _told(subject: str) -> str:
    return Changed(what="roster", by=subject).model_dump_json()
