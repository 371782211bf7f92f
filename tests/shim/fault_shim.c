/* SPDX-License-Identifier: MIT */
/* Preloaded into a program under test, lets calls of the C library fail: the n-th of a sort since
 * it was told to, once or from then on, also after it was done; or syncs take their time. It is
 * told through a file that both sides map (AURORA_FAULT_SHIM names it; tests/crash/shim.py is the
 * other side). Sockets count as the program's own calls of others only where it opened them
 * itself. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define DESCRIPTORS 4096

enum { ALLOC = 1, WRITE = 2, SYNC = 3, CONNECT = 4, SEND = 5, RECEIVE = 6, ACCEPTED = 7, SLOW = 8 };

/* The same in shim.py. */
typedef struct {
    uint32_t sort; /* 0 = nothing fails */
    uint32_t is_lasting;
    uint32_t is_done; /* the call happens, and then fails */
    int32_t error;    /* of SLOW: the milliseconds that a sync takes */
    uint64_t fail_at; /* from 0 */
    uint64_t count;   /* calls of the sort since `count` was set to 0 */
    uint64_t failed;
    uint32_t is_cut; /* a kept connection was ended, so that there is one to be made */
} orders;

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *piece, size_t bytes);

static orders nobody;
static orders *told = &nobody;
static uint8_t is_own[DESCRIPTORS]; /* opened by connect() */

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("AURORA_FAULT_SHIM");
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *shared = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (shared != MAP_FAILED)
        told = shared;
}

/* Whether this call is the one. */
static bool is_due(uint32_t sort)
{
    if (__atomic_load_n(&told->sort, __ATOMIC_ACQUIRE) != sort)
        return false;
    uint64_t number = __atomic_fetch_add(&told->count, 1, __ATOMIC_RELAXED);
    if (number != told->fail_at && !(told->is_lasting && number > told->fail_at))
        return false;
    __atomic_fetch_add(&told->failed, 1, __ATOMIC_RELAXED);
    return true;
}

/* Where connections are to fail, the first use of a kept one ends it. */
static bool is_cut_off(uint32_t sort)
{
    return sort == SEND && __atomic_load_n(&told->sort, __ATOMIC_ACQUIRE) == CONNECT &&
           __atomic_exchange_n(&told->is_cut, 1, __ATOMIC_ACQ_REL) == 0;
}

static ssize_t fail(void)
{
    errno = told->error;
    return -1;
}

/* --- memory ----------------------------------------------------------------------------------- */

static void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t bytes)
{
    return is_due(ALLOC) ? no_memory() : __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
    return is_due(ALLOC) ? no_memory() : __libc_calloc(count, bytes);
}

void *realloc(void *piece, size_t bytes)
{
    return is_due(ALLOC) ? no_memory() : __libc_realloc(piece, bytes);
}

/* --- files ------------------------------------------------------------------------------------ */

ssize_t pwrite(int fd, const void *from, size_t bytes, off_t at)
{
    if (is_due(WRITE)) {
        if (told->is_done)
            syscall(SYS_pwrite64, fd, from, bytes, at);
        return fail();
    }
    return syscall(SYS_pwrite64, fd, from, bytes, at);
}

ssize_t pwrite64(int fd, const void *from, size_t bytes, off_t at)
{
    return pwrite(fd, from, bytes, at);
}

int ftruncate(int fd, off_t size)
{
    return is_due(WRITE) ? (int)fail() : (int)syscall(SYS_ftruncate, fd, size);
}

int ftruncate64(int fd, off_t size)
{
    return ftruncate(fd, size);
}

/* In short naps: the sleep ends when the orders do. */
static void dawdle(void)
{
    if (__atomic_load_n(&told->sort, __ATOMIC_ACQUIRE) != SLOW)
        return;
    __atomic_fetch_add(&told->count, 1, __ATOMIC_RELAXED);
    for (int ms = told->error; ms > 0 && __atomic_load_n(&told->sort, __ATOMIC_ACQUIRE) == SLOW;
         ms -= 5)
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

static int sync_by(long number, int fd)
{
    dawdle();
    if (!is_due(SYNC))
        return (int)syscall(number, fd);
    if (told->is_done)
        syscall(number, fd);
    return (int)fail();
}

int fsync(int fd)
{
    return sync_by(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return sync_by(SYS_fdatasync, fd);
}

/* --- sockets ---------------------------------------------------------------------------------- */

static bool is_mine(int fd)
{
    return fd >= 0 && fd < DESCRIPTORS && is_own[fd];
}

int connect(int fd, const struct sockaddr *to, socklen_t bytes)
{
    if (fd >= 0 && fd < DESCRIPTORS)
        is_own[fd] = 1;
    return is_due(CONNECT) ? (int)fail() : (int)syscall(SYS_connect, fd, to, bytes);
}

int close(int fd)
{
    if (fd >= 0 && fd < DESCRIPTORS)
        is_own[fd] = 0;
    return (int)syscall(SYS_close, fd);
}

#define PASS(sort, fd, number, ...)                                                                \
    do {                                                                                           \
        if (is_cut_off(sort))                                                                      \
            break;                                                                                 \
        if (!is_due(sort))                                                                         \
            return syscall(number, fd, __VA_ARGS__);                                               \
        if (told->is_done)                                                                         \
            syscall(number, fd, __VA_ARGS__);                                                      \
        return fail();                                                                             \
    } while (0);                                                                                   \
    errno = ECONNRESET;                                                                            \
    return -1

ssize_t send(int fd, const void *from, size_t bytes, int flags)
{
    PASS(is_mine(fd) ? SEND : ACCEPTED, fd, SYS_sendto, from, bytes, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    PASS(is_mine(fd) ? SEND : ACCEPTED, fd, SYS_sendmsg, message, flags);
}

ssize_t recv(int fd, void *to, size_t bytes, int flags)
{
    PASS(is_mine(fd) ? RECEIVE : ACCEPTED, fd, SYS_recvfrom, to, bytes, flags, NULL, NULL);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    PASS(is_mine(fd) ? RECEIVE : ACCEPTED, fd, SYS_recvmsg, message, flags);
}

/* Those of files, pipes and events are no sockets of ours. */
static bool is_socket(int fd)
{
    struct stat info;
    return fd > 2 && fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode);
}

#define PASS_IF_SOCKET(own, fd, number, ...)                                                       \
    do {                                                                                           \
        uint32_t sort_ = told->sort;                                                               \
        if (sort_ < CONNECT || !is_socket(fd))                                                     \
            return syscall(number, fd, __VA_ARGS__);                                               \
    } while (0);                                                                                   \
    PASS(is_mine(fd) ? own : ACCEPTED, fd, number, __VA_ARGS__)

ssize_t write(int fd, const void *from, size_t bytes)
{
    PASS_IF_SOCKET(SEND, fd, SYS_write, from, bytes);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    PASS_IF_SOCKET(SEND, fd, SYS_writev, parts, count);
}

ssize_t read(int fd, void *to, size_t bytes)
{
    PASS_IF_SOCKET(RECEIVE, fd, SYS_read, to, bytes);
}

ssize_t readv(int fd, const struct iovec *parts, int count)
{
    PASS_IF_SOCKET(RECEIVE, fd, SYS_readv, parts, count);
}
