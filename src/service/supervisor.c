/* SPDX-License-Identifier: MIT */
#include "service/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

void aurora_supervisor_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = path != NULL ? strlen(path) : 0;
    if (length < 2 || length >= sizeof address.sun_path || (*path != '/' && *path != '@'))
        return;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    memcpy(address.sun_path, path, length);
    if (*path == '@')
        address.sun_path[0] = '\0'; /* Linux's abstract names */
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address, size);
    close(fd);
}

static bool read_number(const char *text, int64_t *out)
{
    char *end;
    if (text == NULL || *text < '0' || *text > '9')
        return false;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0')
        return false;
    *out = number;
    return true;
}

int64_t aurora_supervisor_watchdog_ms(void)
{
    int64_t period_us = 0, pid = 0;
    if (!read_number(getenv("WATCHDOG_USEC"), &period_us))
        return 0;
    if (read_number(getenv("WATCHDOG_PID"), &pid) && pid != (int64_t)getpid())
        return 0;
    return period_us / 1000;
}

static sigset_t signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}

void aurora_supervisor_begin(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t set = signals();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

int32_t aurora_supervisor_wait(int64_t timeout_ms)
{
    sigset_t set = signals();
    struct timespec timeout = {.tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1000000};
    switch (sigtimedwait(&set, NULL, &timeout)) {
    case SIGTERM:
    case SIGINT:
        return AURORA_SUPERVISOR_STOP;
    case SIGHUP:
        return AURORA_SUPERVISOR_RELOAD;
    default:
        return AURORA_SUPERVISOR_NOTHING;
    }
}

void aurora_supervisor_let_go(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

static void set_dumpable(bool is_dumpable)
{
#ifdef __linux__
    prctl(PR_SET_DUMPABLE, is_dumpable || IS_SANITIZED ? 1 : 0, 0, 0, 0);
#else
    (void)is_dumpable;
#endif
}

/* The hard limit stays, for the setting that may allow cores is not read yet. */
void aurora_supervisor_seal(void)
{
    struct rlimit limit;
    set_dumpable(false);
    if (getrlimit(RLIMIT_CORE, &limit) != 0)
        return;
    limit.rlim_cur = 0;
    setrlimit(RLIMIT_CORE, &limit);
}

void aurora_supervisor_settle(bool unseal)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_CORE, &limit) != 0)
        return;
    if (unseal)
        limit.rlim_cur = limit.rlim_max;
    else
        limit.rlim_max = 0;
    setrlimit(RLIMIT_CORE, &limit);
    if (unseal)
        set_dumpable(true);
}

uint64_t aurora_supervisor_raise_files(uint64_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur;
}
