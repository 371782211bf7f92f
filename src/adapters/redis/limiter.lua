-- SPDX-License-Identifier: MIT
-- One take from a token bucket; the same decisions as aurora_bucket_try_take on arrivals at whole
-- microseconds. The level is the time at which the bucket is full again. A number of Lua is exact
-- up to 2^53 only, so a time is two of them: whole periods of B microseconds, and the units beyond
-- them, of which a period has A. docs/REDIS.md shows why nothing here rounds.
-- KEYS[1]  the bucket
-- ARGV     A, B, cost in periods and units, burst in periods and units, a time in microseconds
--          instead of Redis' own (tests alone give one)
-- Returns  allowed, level, level at which a refused take would have worked, time
local A, B = tonumber(ARGV[1]), tonumber(ARGV[2])
local now = tonumber(ARGV[7])
if not now then
    local time = redis.call('TIME')
    now = time[1] * 1000000 + time[2]
end

-- now * A / B in periods and units, rounded down and up. Horner's rule in digits of 12 bits keeps
-- every product below 2^53, with B up to 2^40 and A below 2^52.
local rest = now % B
local period = (now - rest) / B
local units, left = 0, 0
for place = 4, 0, -1 do
    local digit = math.floor(A / 4096 ^ place) % 4096
    local sum = left * 4096 + rest * digit
    left = sum % B
    units = units * 4096 + (sum - left) / B
end
local up_period, up_units = period, units
if left > 0 then up_units = units + 1 end
if up_units == A then up_period, up_units = period + 1, 0 end

local level, level_units = 0, 0
local stored = redis.call('GET', KEYS[1])
if stored then
    local p, u = string.match(stored, '^(%d+):(%d+)$')
    if p then level, level_units = tonumber(p), tonumber(u) end
end

-- A take of nothing asks how things are.
if ARGV[3] == '0' and ARGV[4] == '0' then
    return {1, level, level_units, level, level_units, now}
end

local is_full = level < period or (level == period and level_units <= units)
local to, to_units = level, level_units
if is_full then to, to_units = up_period, up_units end
to, to_units = to + ARGV[3], to_units + ARGV[4]
if to_units >= A then to, to_units = to + 1, to_units - A end

local works, works_units = to - ARGV[5], to_units - ARGV[6]
if works_units < 0 then works, works_units = works - 1, works_units + A end
if is_full or works < period or (works == period and works_units <= units) then
    local full_in_ms = ((to - period) + (to_units - units) / A) * B / 1000
    -- Redis' own clock ends a key: under a test's time that must not happen while it is looked at.
    local margin_ms = ARGV[7] and 600000 or 1000
    redis.call('SET', KEYS[1], string.format('%.0f:%.0f', to, to_units), 'PX',
               string.format('%.0f', math.ceil(full_in_ms) + margin_ms))
    return {1, to, to_units, to, to_units, now}
end
return {0, level, level_units, works, works_units, now}
