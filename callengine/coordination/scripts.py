"""
The Lua scripts of the journal. KEYS: lease, token counter, then one hash per kind.

A lease that ran out while nobody else asked for it is still ours: the counter tells.
A counter lower than our token tells that Redis lost its data.
"""

ACQUIRE = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local token = redis.call('INCR', KEYS[2])
redis.call('SET', KEYS[1], token, 'PX', ARGV[1])
return token
"""
"""ARGV: lease in ms. Returns the fencing token, 0 when the lease is held."""

APPEND = """
local held = redis.call('GET', KEYS[1])
local answer = 1
if held ~= ARGV[1] then
    if held then return 0 end
    local last = tonumber(redis.call('GET', KEYS[2]) or '0')
    if last > tonumber(ARGV[1]) then return 0 end
    if last < tonumber(ARGV[1]) then
        redis.call('SET', KEYS[2], ARGV[1])
        answer = 2
    end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
for at = 3, #ARGV, 3 do
    local hash = KEYS[tonumber(ARGV[at])]
    if ARGV[at + 2] == '' then
        redis.call('HDEL', hash, ARGV[at + 1])
    else
        redis.call('HSET', hash, ARGV[at + 1], ARGV[at + 2])
    end
end
return answer
"""
"""
ARGV: token, lease in ms, then (index of the hash, field, state or '') of each entry.
Returns 0 fenced, 1 written, 2 written into a Redis that had lost what was before.
"""

LOAD = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
    if redis.call('GET', KEYS[2]) ~= ARGV[1] then return false end
end
local found = {}
for at = 3, #KEYS do found[at - 2] = redis.call('HGETALL', KEYS[at]) end
return found
"""
"""ARGV: token. Returns the hashes as flat lists, nil when fenced."""

RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
"""
"""ARGV: token."""
