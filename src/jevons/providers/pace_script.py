"""What a Valkey server does in one step when a request begins, and when it ends.

The arithmetic is `jevons.budget.pace`'s: a minute's worth of something is `limit * 60000` drops, and each
millisecond adds `limit`. Time is the server's, so that clocks of replicas need not agree.

An account is a hash (`at`, `drops` and `limit` of `r`, requests, and of `t`, tokens), which is gone
when it would be full again; and a hash beside it, `:open`, of how many requests each replica has
under way. What a replica says there counts as long as the replica has a key of its own, which it
renews: so what a dead one had under way ends with its lease.
"""

from __future__ import annotations

__all__ = ("ENTER", "LEAVE")

_COMMON = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function filled(key, kind, limit)
  local at, drops, was = unpack(redis.call('HMGET', key, kind .. 'at', kind .. 'drops', kind .. 'limit'))
  if not at or tonumber(was) ~= limit then return limit * 60000 end
  return math.min(limit * 60000, tonumber(drops) + math.max(0, now - tonumber(at)) * limit)
end

local function put(key, kind, limit, drops)
  redis.call('HSET', key, kind .. 'at', now, kind .. 'drops', drops, kind .. 'limit', limit)
  local left = math.ceil((limit * 60000 - drops) / limit) + 1000
  if redis.call('PTTL', key) < left then redis.call('PEXPIRE', key, left) end
end
"""

ENTER = (
    _COMMON
    + """
local replica, alive, tokens, lasts = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local kinds, found, rooms = {'r', 't'}, {}, {1}

for i, key in ipairs(KEYS) do
  local parallel = tonumber(ARGV[2 + 3 * i])
  if parallel >= 0 then
    local open, all = 0, redis.call('HGETALL', key .. ':open')
    for j = 1, #all, 2 do
      if redis.call('EXISTS', alive .. all[j]) == 1 then
        open = open + tonumber(all[j + 1])
      else
        redis.call('HDEL', key .. ':open', all[j])
      end
    end
    if open >= parallel then return {0, i, 0, 0} end
  end
  for b, kind in ipairs(kinds) do
    local limit = tonumber(ARGV[2 + 3 * i + b])
    if limit >= 0 then
      local drops, amount = filled(key, kind, limit), ({1, tokens})[b]
      local missing = math.min(amount, limit) * 60000 - drops
      if missing > 0 then return {0, i, b, math.ceil(missing / limit)} end
      found[#found + 1] = {key, kind, limit, drops - amount * 60000}
    end
  end
end

for _, each in ipairs(found) do
  local key, kind, limit, drops = unpack(each)
  put(key, kind, limit, drops)
  rooms[#rooms + 1] = math.max(0, math.floor(drops / 60000))
  rooms[#rooms + 1] = math.ceil((limit * 60000 - drops) / limit)
end
for _, key in ipairs(KEYS) do
  redis.call('HINCRBY', key .. ':open', replica, 1)
  redis.call('PEXPIRE', key .. ':open', lasts)
end
return rooms
"""
)
"""Keys: the accounts of a line. Arguments: replica, prefix of the keys that replicas renew, tokens,
milliseconds that `:open` lasts; then for each account how many at once, requests and tokens a minute,
-1 for no limit. Answers 1, then what is left and milliseconds until all of it is there, for each limit
a minute; or 0, whose limit, which (0 at once, 1 requests, 2 tokens), and milliseconds to wait."""

LEAVE = (
    _COMMON
    + """
local replica, requests, tokens = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
for i, key in ipairs(KEYS) do
  if redis.call('HINCRBY', key .. ':open', replica, -1) <= 0 then
    redis.call('HDEL', key .. ':open', replica)
  end
  for b, kind in ipairs({'r', 't'}) do
    local limit, amount = tonumber(ARGV[2 + 2 * i + b - 1]), ({requests, tokens})[b]
    if limit >= 0 and amount ~= 0 then
      local drops = filled(key, kind, limit) - amount * 60000
      put(key, kind, limit, math.min(limit * 60000, drops))
    end
  end
end
return 1
"""
)
"""Keys: the accounts. Arguments: replica, requests and tokens to take as well, or with a negative
number to put back; then for each account requests and tokens a minute, -1 for no limit."""
