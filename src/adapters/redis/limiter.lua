-- SPDX-License-Identifier: MIT
-- Takes from token buckets that go together, all or none; the same decisions as
-- aurora_limiter_try_take_all on arrivals at whole microseconds. A level is the time at which a
-- bucket is full again. A number of Lua is exact up to 2^53 only, so a time is two of them: whole
-- periods of B microseconds, and the units beyond them, of which a period has A. docs/REDIS.md shows
-- why nothing here rounds.
-- KEYS     the buckets
-- ARGV     ten for each: A, B, units of a token, cost, cost and what is wanted beside it, burst (these
--          three in periods and units), flags (1: its refusal stops nobody, 2: it always refuses);
--          then a time in microseconds instead of Redis' own (tests alone give one)
-- Returns  five for each: 0 refuses, 1 allows, 2 allows with what was wanted beside it; level; level
--          at which a refused take would have worked. Then the time
local FIELDS = 10
local given = tonumber(ARGV[#KEYS * FIELDS + 1])
local now = given
if not now then
    local time = redis.call('TIME')
    now = time[1] * 1000000 + time[2]
end

-- now * A / B in periods and units, rounded down and up. Horner's rule in digits of 12 bits keeps
-- every product below 2^53, with B up to 2^40 and A below 2^52.
local function place(bucket)
    local A, B = bucket.A, bucket.B
    local rest = now % B
    bucket.period = (now - rest) / B
    local units, left = 0, 0
    for digit_place = 4, 0, -1 do
        local digit = math.floor(A / 4096 ^ digit_place) % 4096
        local sum = left * 4096 + rest * digit
        left = sum % B
        units = units * 4096 + (sum - left) / B
    end
    bucket.units = units
    bucket.up_period, bucket.up_units = bucket.period, units
    if left > 0 then bucket.up_units = units + 1 end
    if bucket.up_units == A then bucket.up_period, bucket.up_units = bucket.period + 1, 0 end
end

-- A level under another rate becomes the one at which as many tokens are missing, at most a burst.
-- Rounded up: it is no matter of exactness, and nobody may gain by it.
local function convert(bucket, A, B, token, level, units)
    local old_units = now % B * A / B
    local missing = ((level - (now - now % B) / B) * A + units - old_units) / token
    if missing <= 0 then return 0, 0 end
    local burst = (bucket.burst_period * bucket.A + bucket.burst_units) / bucket.token
    if missing > burst then missing = burst end
    local more = math.ceil(missing * bucket.token * (1 + 2 ^ -40)) + 1
    local sum = bucket.up_units + more
    local over = math.floor(sum / bucket.A)
    return bucket.up_period + over, sum - over * bucket.A
end

local function read(bucket)
    local stored = redis.call('GET', bucket.key)
    bucket.level, bucket.level_units = 0, 0
    if not stored then return end
    local A, B, token, p, u = string.match(stored, '^(%d+):(%d+):(%d+):(%d+):(%d+)$')
    if not p then return end
    if tonumber(A) == bucket.A and tonumber(B) == bucket.B and tonumber(token) == bucket.token then
        bucket.level, bucket.level_units = tonumber(p), tonumber(u)
    else
        bucket.level, bucket.level_units = convert(bucket, tonumber(A), tonumber(B),
                                                   tonumber(token), tonumber(p), tonumber(u))
    end
end

-- Whether so much can be taken; the level after it, or that at which it would have worked.
local function ask(bucket, periods, units)
    local A = bucket.A
    local is_full = bucket.level < bucket.period or
                    (bucket.level == bucket.period and bucket.level_units <= bucket.units)
    local to, to_units = bucket.level, bucket.level_units
    if is_full then to, to_units = bucket.up_period, bucket.up_units end
    to, to_units = to + periods, to_units + units
    if to_units >= A then to, to_units = to + 1, to_units - A end
    local works, works_units = to - bucket.burst_period, to_units - bucket.burst_units
    if works_units < 0 then works, works_units = works - 1, works_units + A end
    if is_full or works < bucket.period or
       (works == bucket.period and works_units <= bucket.units) then
        return true, to, to_units
    end
    return false, works, works_units
end

local function judge(bucket, cost, cost_units, more, more_units)
    bucket.answer, bucket.to, bucket.to_units = 1, bucket.level, bucket.level_units
    if bucket.flags >= 2 then
        bucket.answer = 0
    elseif cost > 0 or cost_units > 0 then
        local can, to, to_units
        if more ~= cost or more_units ~= cost_units then
            can, to, to_units = ask(bucket, more, more_units)
            if can then bucket.answer = 2 end
        end
        if not can then
            can, to, to_units = ask(bucket, cost, cost_units)
            if not can then bucket.answer = 0 end
        end
        bucket.to, bucket.to_units = to, to_units
        bucket.takes = can
    end
end

local buckets, allowed = {}, true
for i = 1, #KEYS do
    local at = (i - 1) * FIELDS
    local b = {key = KEYS[i], A = tonumber(ARGV[at + 1]), B = tonumber(ARGV[at + 2]),
               token = tonumber(ARGV[at + 3]), burst_period = tonumber(ARGV[at + 8]),
               burst_units = tonumber(ARGV[at + 9]), flags = tonumber(ARGV[at + 10])}
    place(b)
    read(b)
    judge(b, tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5]), tonumber(ARGV[at + 6]),
          tonumber(ARGV[at + 7]))
    if b.answer == 0 and b.flags % 2 == 0 then allowed = false end
    buckets[i] = b
end

local answers = {}
for i, b in ipairs(buckets) do
    local level, level_units, works, works_units = b.level, b.level_units, b.to, b.to_units
    if b.takes and allowed then
        level, level_units = b.to, b.to_units
        local full_in_ms = ((level - b.period) + (level_units - b.units) / b.A) * b.B / 1000
        -- Redis' own clock ends a key: under a test's time that must not happen while it is used.
        local margin_ms = given and 600000 or 1000
        redis.call('SET', b.key, string.format('%.0f:%.0f:%s:%.0f:%.0f', b.A, b.B,
                   ARGV[(i - 1) * FIELDS + 3], level, level_units), 'PX',
                   string.format('%.0f', math.ceil(full_in_ms) + margin_ms))
    elseif b.answer > 0 then
        b.answer, works, works_units = 1, level, level_units
    end
    for _, number in ipairs({b.answer, level, level_units, works, works_units}) do
        answers[#answers + 1] = number
    end
end
answers[#answers + 1] = now
return answers
