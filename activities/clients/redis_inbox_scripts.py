"""What the inbox does inside Redis, each a script of one round trip; KEYS[1] is what the tenant's keys begin with.

`rows` holds each row, `filed` where it stands: `always` and `awake` are sorted sets with its rank in each, `words` the
entries of the search index, `snoozed` until when it stands in no `awake` one.
"""

# What is common: take a row out of everything, bring back rows whose snooze is over, drop what closed long ago.
MOVES = """
local at = KEYS[1]
local function filed_of(id)
  local filed = redis.call('HGET', at .. 'filed', id)
  return filed and cjson.decode(filed)
end
local function stand(id, places)
  for place, rank in pairs(places) do redis.call('ZADD', at .. place, rank, id) end
end
local function leave(id, filed)
  for place in pairs(filed.always) do redis.call('ZREM', at .. place, id) end
  for place in pairs(filed.awake) do redis.call('ZREM', at .. place, id) end
  redis.call('ZREM', at .. 'view:snoozed', id)
  for _, word in ipairs(filed.words) do redis.call('ZREM', at .. 'words', word) end
end
local function drop(id)
  redis.call('HDEL', at .. 'given', id)
  local filed = filed_of(id)
  if not filed then return 0 end
  leave(id, filed)
  redis.call('HDEL', at .. 'filed', id)
  return redis.call('HDEL', at .. 'rows', id)
end
local function wake(now)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', at .. 'view:snoozed', '-inf', now, 'LIMIT', 0, 200)) do
    redis.call('ZREM', at .. 'view:snoozed', id)
    local filed = filed_of(id)
    if filed then stand(id, filed.awake) end
  end
end
"""

# ARGV: id, version, row, filed, what to tell, the rank of what closed too long ago, seconds to keep a silent tenant.
FILE = f"""{MOVES}
local id, version = ARGV[1], tonumber(ARGV[2])
if redis.call('EXISTS', at .. 'gone:' .. id) == 1 then return 0 end
local before = filed_of(id)
if before then
  if before.version > version then return 0 end
  leave(id, before)
end
local filed = cjson.decode(ARGV[4])
redis.call('HSET', at .. 'rows', id, ARGV[3])
redis.call('HSET', at .. 'filed', id, ARGV[4])
stand(id, filed.always)
if filed.snoozed then
  redis.call('ZADD', at .. 'view:snoozed', filed.snoozed, id)
else
  stand(id, filed.awake)
end
for _, word in ipairs(filed.words) do redis.call('ZADD', at .. 'words', 0, word) end
for _, old in ipairs(redis.call('ZRANGEBYSCORE', at .. 'view:closed', ARGV[6], '+inf', 'LIMIT', 0, 20)) do drop(old) end
for _, held in ipairs({{'rows', 'filed', 'words'}}) do redis.call('EXPIRE', at .. held, ARGV[7]) end
redis.call('PUBLISH', at .. 'wire', ARGV[5])
return 1
"""

# ARGV: view, now, the highest rank that stands in it, how many, and the rank and id to go on behind, or nothing.
PAGE = f"""{MOVES}
local view, most = at .. ARGV[1], tonumber(ARGV[4])
wake(ARGV[2])
local start = 0
if ARGV[5] then
  if tonumber(redis.call('ZSCORE', view, ARGV[6]) or -1) == tonumber(ARGV[5]) then
    start = redis.call('ZRANK', view, ARGV[6]) + 1
  else
    start = redis.call('ZCOUNT', view, '-inf', '(' .. ARGV[5])
  end
end
local total = redis.call('ZCOUNT', view, '-inf', ARGV[3])
if start >= total then return {{total, '', {{}}}} end
local places = redis.call('ZRANGE', view, start, math.min(start + most, total) - 1, 'WITHSCORES')
local rows = {{}}
for place = 1, #places, 2 do
  local row = redis.call('HGET', at .. 'rows', places[place])
  if row then
    rows[#rows + 1] = row
  else
    redis.call('ZREM', view, places[place])
  end
end
local more = start + most < total and places[#places] .. '~' .. places[#places - 1]
return {{total, more or '', rows}}
"""

# ARGV: now, then the views that are counted whole; the last one is counted up to now.
COUNTS = f"""{MOVES}
wake(ARGV[1])
local counts = {{}}
for place = 2, #ARGV - 1 do counts[#counts + 1] = redis.call('ZCARD', at .. ARGV[place]) end
counts[#counts + 1] = redis.call('ZCOUNT', at .. ARGV[#ARGV], '-inf', ARGV[1])
return counts
"""

# ARGV: how many, how many entries to look at, then the beginnings of words. An entry is "word stamp id", and the
# stamp is lower the later its row changed, so that of one word the newest come first.
SEARCH = f"""{MOVES}
local most, looked_at = tonumber(ARGV[1]), tonumber(ARGV[2])
local rarest, fewest
for word = 3, #ARGV do
  local count = redis.call('ZLEXCOUNT', at .. 'words', '[' .. ARGV[word], '[' .. ARGV[word] .. '\\255')
  if not fewest or count < fewest then rarest, fewest = word, count end
end
-- In the JSON of `filed` words come last, and begin behind a quotation mark; to decode a thousand would take long.
local function fits(id)
  if #ARGV == 3 then return true end
  local filed = redis.call('HGET', at .. 'filed', id)
  local words = filed and string.find(filed, '"words": [', 1, true)
  for word = 3, #ARGV do
    if not words or not string.find(filed, '"' .. ARGV[word], words, true) then return false end
  end
  return true
end
local stamps, ids, rows = {{}}, {{}}, {{}}
local first, last = '[' .. ARGV[rarest], '[' .. ARGV[rarest] .. '\\255'
for _, entry in ipairs(redis.call('ZRANGEBYLEX', at .. 'words', first, last, 'LIMIT', 0, looked_at)) do
  local stamp, id = string.match(entry, '^%S+ (%d+) (%S+)$')
  if not stamps[id] then
    stamps[id], ids[#ids + 1] = tonumber(stamp), id
  end
end
table.sort(ids, function(one, other) return stamps[one] < stamps[other] end)
for _, id in ipairs(ids) do
  if #rows == most then break end
  if fits(id) then rows[#rows + 1] = redis.call('HGET', at .. 'rows', id) or nil end
end
return rows
"""

# ARGV: seconds for which nothing of it is taken any more, what to tell of each, and ids in between the two.
FORGET = f"""{MOVES}
local found = 0
for place = 2, #ARGV, 2 do
  local id = ARGV[place]
  found = found + drop(id)
  redis.call('DEL', at .. 'typing:' .. id)
  redis.call('SET', at .. 'gone:' .. id, '', 'EX', ARGV[1])
  redis.call('PUBLISH', at .. 'wire', ARGV[place + 1])
end
return found
"""
