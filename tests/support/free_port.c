/* SPDX-License-Identifier: MIT */
#include "free_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "test.h"

#define FIRST 20000
#define LAST 31999
#define COUNT (LAST - FIRST + 1)

/* Of an abstract name, which ends with the process; kept open on purpose. */
static bool claim(int port)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int length = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "aurora-port-%d", port);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    if (bind(fd, (struct sockaddr *)&name,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)) == 0)
        return true;
    close(fd);
    return false;
}

static bool can_bind(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    bool is_free = bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return is_free;
}

int free_port(void)
{
    unsigned start = 0;
    ck_assert_int_eq(getrandom(&start, sizeof start, 0), sizeof start);
    for (unsigned i = 0; i < COUNT; i++) {
        int port = FIRST + (int)((start + i) % COUNT);
        if (claim(port) && can_bind(port))
            return port;
    }
    ck_abort_msg("no port from %d to %d is free", FIRST, LAST);
    return 0;
}
