/* SPDX-License-Identifier: MIT */
#include "tls/internal.h"

#define HANDSHAKE 22
#define CLIENT_HELLO 1
#define PLAINTEXT_MAX 16384
#define MESSAGE_HEAD 4

static unsigned byte_at(const char *data, size_t at)
{
    return (unsigned char)data[at];
}

static size_t record_len(const char *data)
{
    return byte_at(data, 3) << 8 | byte_at(data, 4);
}

/* A record of the handshake with something in it. */
static bool is_hello_record(const char *data)
{
    size_t len = record_len(data);
    return byte_at(data, 0) == HANDSHAKE && byte_at(data, 1) == 3 && len > 0 &&
           len <= PLAINTEXT_MAX;
}

static aurora__tls_hello look_at_start(const char *data, size_t len)
{
    if (data[0] >= 'A' && data[0] <= 'Z')
        return AURORA__TLS_HELLO_PLAIN;
    if (byte_at(data, 0) != HANDSHAKE || (len > 1 && byte_at(data, 1) != 3))
        return AURORA__TLS_HELLO_BAD;
    return AURORA__TLS_HELLO_MORE;
}

aurora__tls_hello aurora__tls_hello_look(const char *data, size_t len)
{
    size_t at = 0, message = 0, wanted = MESSAGE_HEAD;
    unsigned char head[MESSAGE_HEAD] = {0};
    if (len > 0 && look_at_start(data, len) != AURORA__TLS_HELLO_MORE)
        return look_at_start(data, len);
    while (len - at >= AURORA__TLS_RECORD_HEAD) {
        if (!is_hello_record(data + at))
            return AURORA__TLS_HELLO_BAD;
        size_t record = record_len(data + at), got = len - at - AURORA__TLS_RECORD_HEAD;
        const char *body = data + at + AURORA__TLS_RECORD_HEAD;
        for (size_t i = 0; i < record && i < got && message + i < MESSAGE_HEAD; i++)
            head[message + i] = (unsigned char)body[i];
        message += record < got ? record : got;
        if (message >= MESSAGE_HEAD) {
            wanted = MESSAGE_HEAD + ((size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3]);
            if (head[0] != CLIENT_HELLO || wanted > AURORA__TLS_HELLO_MAX)
                return AURORA__TLS_HELLO_BAD;
        }
        if (got < record)
            break;
        if (message >= wanted)
            return AURORA__TLS_HELLO_WHOLE;
        at += AURORA__TLS_RECORD_HEAD + record;
    }
    return len > AURORA__TLS_HELLO_MAX + AURORA__TLS_RECORD_MAX ? AURORA__TLS_HELLO_BAD
                                                                : AURORA__TLS_HELLO_MORE;
}

size_t aurora__tls_whole(const char *data, size_t len)
{
    size_t at = 0;
    while (len - at >= AURORA__TLS_RECORD_HEAD) {
        size_t record = AURORA__TLS_RECORD_HEAD + record_len(data + at);
        if (byte_at(data, at + 1) != 3 || record > AURORA__TLS_RECORD_MAX)
            return len;
        if (record > len - at)
            break;
        at += record;
    }
    return at;
}
