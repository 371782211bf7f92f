/* SPDX-License-Identifier: MIT */
/* What TLS costs the server: processor time of its process for a request on a kept connection, in
 * the clear and by TLS 1.3, and for a handshake with its one request: whole with a key of P-256 or
 * RSA-2048, and with an earlier session. The client is on the same cores and is not counted.
 *
 * bench_tls [--rounds N] [--quick] */
#include "http/server.h"
#include "tls/tls.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_MAX 31
#define CONNECTIONS 8
#define REQUEST "GET /fixed HTTP/1.1\r\nHost: localhost\r\n\r\n"
#define BODY_BYTES 350

typedef struct {
    pid_t pid;
    uint16_t port;
    clockid_t clock;
} server;

typedef struct {
    int fd;
    SSL *ssl; /* NULL = in the clear */
} client;

static void die(const char *what)
{
    fprintf(stderr, "bench_tls: %s\n", what);
    exit(1);
}

/* --- the server ------------------------------------------------------------------------------- */

static void answer(aurora_http_exchange *exchange, void *self)
{
    static char body[BODY_BYTES];
    (void)self;
    memset(body, 'x', sizeof body);
    aurora_http_reply(exchange, 200, "text/plain", body, sizeof body);
}

static void make_files(const char *folder, EVP_PKEY *key, char certificate[128], char path[128])
{
    X509 *x = X509_new();
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 86400);
    X509_set_pubkey(x, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                               (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    snprintf(certificate, 128, "%s/c.pem", folder);
    snprintf(path, 128, "%s/k.pem", folder);
    FILE *to = X509_sign(x, key, EVP_sha256()) > 0 ? fopen(certificate, "w") : NULL;
    if (to == NULL || PEM_write_X509(to, x) != 1 || fclose(to) != 0)
        die("the certificate cannot be written");
    to = fopen(path, "w");
    if (to == NULL || PEM_write_PrivateKey(to, key, NULL, NULL, 0, NULL, NULL) != 1 ||
        fclose(to) != 0)
        die("the key cannot be written");
    X509_free(x);
}

static void serve(EVP_PKEY *key, int tell)
{
    static const aurora_http_route routes[] = {{.method = AURORA_HTTP_GET,
                                                .template_path = "/fixed",
                                                .query = "",
                                                .operation = "fixed",
                                                .handle = answer}};
    static const aurora_http_route *const tables[] = {routes};
    static const uint32_t counts[] = {1};
    char folder[] = "/tmp/bench-tls-XXXXXX", certificate[128], path[128];
    aurora_http_options options = {
        .listen = "127.0.0.1:0", .routes = tables, .route_counts = counts, .table_count = 1};
    aurora_error err = AURORA_ERROR_INIT;
    aurora_http_server *http = NULL;
    if (key != NULL) {
        if (mkdtemp(folder) == NULL)
            die("no folder");
        make_files(folder, key, certificate, path);
        const aurora_tls_files files = {.certificate = certificate, .key = path};
        if (aurora_tls_server_new(&files, &options.tls, &err) != AURORA_OK)
            die(err.message);
        unlink(certificate);
        unlink(path);
        rmdir(folder);
    }
    if (aurora_http_start(&options, &http, &err) != AURORA_OK)
        die(err.message);
    uint16_t port = aurora_http_port(http);
    if (write(tell, &port, sizeof port) != (ssize_t)sizeof port)
        die("nobody listens");
    pause();
}

static server start(EVP_PKEY *key)
{
    server new = {0};
    int ends[2];
    if (pipe(ends) != 0 || (new.pid = fork()) < 0)
        die("no process");
    if (new.pid == 0) {
        serve(key, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    if (read(ends[0], &new.port, sizeof new.port) != (ssize_t)sizeof new.port ||
        clock_getcpuclockid(new.pid, &new.clock) != 0)
        die("the server does not start");
    close(ends[0]);
    return new;
}

static void stop(const server *at)
{
    kill(at->pid, SIGKILL);
    waitpid(at->pid, NULL, 0);
}

static double cpu_us(const server *at)
{
    struct timespec now;
    clock_gettime(at->clock, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* --- the client ------------------------------------------------------------------------------- */

static client reach(const server *at, SSL_CTX *context, SSL_SESSION *session)
{
    static const int on = 1;
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(at->port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    client new = {.fd = socket(AF_INET, SOCK_STREAM, 0)};
    setsockopt(new.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(new.fd, (const struct sockaddr *)&address, sizeof address) != 0)
        die("no connection");
    if (context == NULL)
        return new;
    new.ssl = SSL_new(context);
    SSL_set_fd(new.ssl, new.fd);
    if (session != NULL)
        SSL_set_session(new.ssl, session);
    if (SSL_connect(new.ssl) != 1)
        die("no handshake");
    return new;
}

/* The answer comes in one piece. */
static void ask(client *at)
{
    char data[4096];
    size_t len = sizeof REQUEST - 1;
    bool is_sent = at->ssl != NULL ? SSL_write(at->ssl, REQUEST, (int)len) == (int)len
                                   : send(at->fd, REQUEST, len, 0) == (ssize_t)len;
    ssize_t n = !is_sent          ? -1
                : at->ssl != NULL ? SSL_read(at->ssl, data, sizeof data)
                                  : recv(at->fd, data, sizeof data, 0);
    if (n < BODY_BYTES || memcmp(data, "HTTP/1.1 200", 12) != 0)
        die("no answer");
}

static void leave(client *at)
{
    if (at->ssl != NULL)
        SSL_shutdown(at->ssl);
    SSL_free(at->ssl);
    close(at->fd);
}

/* --- measuring -------------------------------------------------------------------------------- */

static double per_request(const server *at, SSL_CTX *context, int count)
{
    client clients[CONNECTIONS];
    for (int i = 0; i < CONNECTIONS; i++) {
        clients[i] = reach(at, context, NULL);
        ask(&clients[i]);
    }
    double begin = cpu_us(at);
    for (int i = 0; i < count; i++)
        ask(&clients[i % CONNECTIONS]);
    double used = (cpu_us(at) - begin) / count;
    for (int i = 0; i < CONNECTIONS; i++)
        leave(&clients[i]);
    return used;
}

static double per_handshake(const server *at, SSL_CTX *context, int count, bool is_resumed)
{
    client first = reach(at, context, NULL);
    ask(&first);
    SSL_SESSION *session = is_resumed ? SSL_get1_session(first.ssl) : NULL;
    leave(&first);
    double begin = cpu_us(at);
    for (int i = 0; i < count; i++) {
        SSL_SESSION *copy = session != NULL ? SSL_SESSION_dup(session) : NULL;
        client one = reach(at, context, copy);
        if (SSL_session_reused(one.ssl) != is_resumed)
            die("a session does not go on");
        ask(&one);
        leave(&one);
        SSL_SESSION_free(copy);
    }
    SSL_SESSION_free(session);
    return (cpu_us(at) - begin) / count;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void print(FILE *json, const char *name, const char *text, double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare);
    printf("%-44s %8.1f us\n", text, values[count / 2]);
    if (json != NULL)
        fprintf(json, "\"%s\":%.1f%s", name, values[count / 2],
                strcmp(name, "handshake_resumed_us") == 0 ? "}\n" : ",");
}

int main(int argc, char **argv)
{
    int rounds = 7, requests = 20000, handshakes = 500;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0)
            rounds = 1, requests = 2000, handshakes = 50;
        else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc)
            rounds = atoi(argv[++i]);
    }
    if (rounds < 1 || rounds > ROUNDS_MAX)
        die("--rounds is 1 to 31");
    signal(SIGPIPE, SIG_IGN);
    const server plain = start(NULL), ec = start(EVP_EC_gen("P-256")),
                 rsa = start(EVP_RSA_gen(2048));
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    double values[5][ROUNDS_MAX];
    for (int round = 0; round < rounds; round++) {
        values[0][round] = per_request(&plain, NULL, requests);
        values[1][round] = per_request(&ec, context, requests);
        values[2][round] = per_handshake(&ec, context, handshakes, false);
        values[3][round] = per_handshake(&rsa, context, handshakes, false);
        values[4][round] = per_handshake(&ec, context, handshakes, true);
    }
    const char *path = getenv("AURORA_BENCH_JSON");
    FILE *json = path != NULL ? fopen(path, "w") : NULL;
    if (json != NULL)
        fputs("{", json);
    print(json, "plain_us", "a request in the clear", values[0], rounds);
    print(json, "tls_us", "a request by TLS 1.3", values[1], rounds);
    print(json, "handshake_ec_us", "a connection, its handshake (P-256), a request", values[2],
          rounds);
    print(json, "handshake_rsa_us", "the same with a key of RSA-2048", values[3], rounds);
    print(json, "handshake_resumed_us", "the same with an earlier session", values[4], rounds);
    if (json != NULL)
        fclose(json);
    SSL_CTX_free(context);
    stop(&plain);
    stop(&ec);
    stop(&rsa);
    return 0;
}
