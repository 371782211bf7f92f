-- SPDX-License-Identifier: MIT
-- What a careful user of nginx's Lua module would write for the gateway's two checks: a JWT by HS256
-- whose verified tokens are kept in an LRU of the worker, and a token bucket for each principal in a
-- shared dictionary, with the RateLimit fields of the same draft. Signatures are OpenSSL's by FFI.
local ffi = require "ffi"
local lrucache = require "resty.lrucache"

ffi.cdef [[
unsigned char *HMAC(const void *evp_md, const void *key, int key_len, const unsigned char *data,
                    size_t data_len, unsigned char *md, unsigned int *md_len);
const void *EVP_sha256(void);
int CRYPTO_memcmp(const void *a, const void *b, size_t len);
typedef struct { double tokens; double at; } bucket;
]]

local edge = {}
local LEEWAY = 60
local verified = lrucache.new(10000)
local bucket_pointer = ffi.typeof("const bucket *")
local record = ffi.new("bucket")
local digest = ffi.new("unsigned char[32]")
local key, issuer, audience

function edge.configure(key_base64, its_issuer, its_audience)
    key = ngx.decode_base64(key_base64)
    issuer, audience = its_issuer, its_audience
end

local function from_base64url(text)
    if text:find("[^%w%-_]") then
        return nil
    end
    text = text:gsub("-", "+"):gsub("_", "/")
    return ngx.decode_base64(text .. ("="):rep(-#text % 4))
end

-- Members that are texts or whole numbers of one flat object: all that these tokens have. Debian 12
-- has no JSON module for LuaJIT beside nginx.
local function read_object(text)
    local members = {}
    for name, value in text:gmatch('"([^"\\]*)"%s*:%s*"([^"\\]*)"') do
        members[name] = value
    end
    for name, value in text:gmatch('"([^"\\]*)"%s*:%s*(%d+)') do
        members[name] = tonumber(value)
    end
    return members
end

local function verify(token)
    local head, claims, signature = token:match("^([^.]+)%.([^.]+)%.([^.]+)$")
    if not head then
        return nil
    end
    local mac = from_base64url(signature)
    local head_text, claims_text = from_base64url(head), from_base64url(claims)
    if not mac or #mac ~= 32 or not head_text or not claims_text then
        return nil
    end
    local signed = head .. "." .. claims
    ffi.C.HMAC(ffi.C.EVP_sha256(), key, #key, signed, #signed, digest, nil)
    if ffi.C.CRYPTO_memcmp(digest, mac, 32) ~= 0 or read_object(head_text).alg ~= "HS256" then
        return nil
    end
    local members = read_object(claims_text)
    if not members.sub or not members.exp or members.iss ~= issuer or
        members.aud ~= audience then
        return nil
    end
    return { sub = members.sub, exp = members.exp, bucket = "p:" .. members.sub }
end

local function refuse(status, kind, title)
    ngx.status = status
    ngx.header["Content-Type"] = "application/problem+json"
    ngx.print('{"type":"', kind, '","title":"', title, '","status":', status, "}")
    return ngx.exit(status)
end

local function principal()
    local text = ngx.var.http_authorization
    local token = text and text:sub(1, 7) == "Bearer " and text:sub(8)
    if not token then
        return nil
    end
    local known = verified:get(token)
    if not known then
        known = verify(token)
        if not known then
            return nil
        end
        verified:set(token, known, known.exp + LEEWAY - ngx.time())
    end
    return known.exp + LEEWAY > ngx.time() and known or nil
end

-- Tokens come back at `rate` a second up to `burst`. One worker: nobody else is between the two.
local function take(buckets, name, rate, burst)
    local now = ngx.now()
    local text = buckets:get(name)
    local tokens = burst
    if text then
        local old = ffi.cast(bucket_pointer, text)
        tokens = math.min(burst, old.tokens + (now - old.at) * rate)
    end
    if tokens < 1 then
        return false, 0, math.ceil((1 - tokens) / rate)
    end
    record.tokens, record.at = tokens - 1, now
    buckets:set(name, ffi.string(record, ffi.sizeof(record)))
    return true, math.floor(tokens - 1), math.ceil((burst - tokens + 1) / rate)
end

function edge.check(buckets, rate, burst)
    local who = principal()
    if not who then
        ngx.header["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        return refuse(401, "unauthorized", "The token is not valid.")
    end
    local is_allowed, left, seconds = take(buckets, who.bucket, rate, burst)
    ngx.header["RateLimit-Policy"] = '"default";q=' .. burst .. ";w=" .. math.ceil(burst / rate)
    ngx.header["RateLimit"] = '"default";r=' .. left .. ";t=" .. seconds
    if not is_allowed then
        ngx.header["Retry-After"] = seconds
        return refuse(429, "quota_exceeded", "Too many requests.")
    end
end

return edge
