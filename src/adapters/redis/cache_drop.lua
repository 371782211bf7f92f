-- SPDX-License-Identifier: MIT
-- Forgets an older value and leaves its floor, below which nothing is put; see cache_put.lua.
-- KEYS[1]  the value      KEYS[2]  its floor
-- ARGV     version, how long a floor is kept in milliseconds
local NONE = '0000000000000000'
local version = ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local function is_less(a, b)
    local high_a, high_b = tonumber(a:sub(1, 8), 16), tonumber(b:sub(1, 8), 16)
    if high_a ~= high_b then return high_a < high_b end
    return tonumber(a:sub(9), 16) < tonumber(b:sub(9), 16)
end

local floor = redis.call('GET', KEYS[2])
local known = floor and floor:match('^(%x+) %d+$')
local is_newest = not known or version == NONE or known == NONE or is_less(known, version)
-- The value's own version begins its frame. It can be older than the floor only where a drop went
-- before.
if is_newest then
    redis.call('DEL', KEYS[1])
else
    version = known
end
local left = redis.call('PTTL', KEYS[1])
redis.call('SET', KEYS[2], version .. ' ' .. string.format('%.0f', now), 'PX',
           string.format('%.0f', math.max(left, tonumber(ARGV[2])) + 1000))
return 1
