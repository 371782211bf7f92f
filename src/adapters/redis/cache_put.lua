-- SPDX-License-Identifier: MIT
-- Keeps a value unless something newer was seen. Versions are 16 hexadecimal digits, all of them 0
-- where there is none; they are compared in halves, since a number of Lua is exact up to 2^53 only.
-- KEYS[1]  the value
-- KEYS[2]  its floor: the newest version and the time, in microseconds, of its last put or drop
-- ARGV     version, value with its frame, time to live in milliseconds, age of the load in
--          microseconds, how long a floor is kept in milliseconds
-- Returns  1 kept, 0 refused
local NONE = '0000000000000000'
local version, load_age, keep = ARGV[1], tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local function is_less(a, b)
    local high_a, high_b = tonumber(a:sub(1, 8), 16), tonumber(b:sub(1, 8), 16)
    if high_a ~= high_b then return high_a < high_b end
    return tonumber(a:sub(9), 16) < tonumber(b:sub(9), 16)
end

local floor = redis.call('GET', KEYS[2])
local known, at = nil, nil
if floor then known, at = floor:match('^(%x+) (%d+)$') end
if not known then
    -- Whatever was forgotten was put or dropped longer ago than this.
    if load_age >= keep * 1000 then return 0 end
elseif known ~= NONE and version ~= NONE then
    if is_less(version, known) then return 0 end
elseif now - load_age <= tonumber(at) then
    return 0
end

local ttl = tonumber(ARGV[3])
redis.call('SET', KEYS[1], ARGV[2], 'PX', ttl)
redis.call('SET', KEYS[2], version .. ' ' .. string.format('%.0f', now), 'PX',
           string.format('%.0f', math.max(ttl, keep) + 1000))
return 1
