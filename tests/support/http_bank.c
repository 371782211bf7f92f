/* SPDX-License-Identifier: MIT */
#include "http_bank.h"

#include <arpa/inet.h>
#include <aurora/net.h>
#include <cjson/cJSON.h>
#include <netinet/in.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_BYTES 65536
#define ANSWER_BYTES 1024

typedef struct {
    http_bank *bank;
    int fd;
    SSL *tls; /* NULL = plain */
    char request[REQUEST_BYTES];
    size_t length;    /* what was read */
    const char *body; /* of the request in work */
    size_t body_length;
    int verb; /* HTTP_BANK_QUERY for queries */
    bool is_closing;
} connection;

static SSL_CTX *tls_of_bank; /* of the bank's process */

static void pause_ms(int ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&pause, NULL);
}

/* --- bytes ------------------------------------------------------------------------------------ */

static ssize_t read_some(connection *from, char *to, size_t capacity)
{
    return from->tls != NULL ? SSL_read(from->tls, to, (int)capacity)
                             : read(from->fd, to, capacity);
}

static bool write_all(connection *to, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = to->tls != NULL ? SSL_write(to->tls, bytes, (int)length)
                                          : send(to->fd, bytes, length, MSG_NOSIGNAL);
        if (written <= 0)
            return false;
        bytes += written;
        length -= (size_t)written;
    }
    return true;
}

static void write_text(connection *to, const char *text)
{
    to->is_closing = !write_all(to, text, strlen(text)) || to->is_closing;
}

static void answer(connection *to, const char *status, const char *more_head, const char *body)
{
    char text[ANSWER_BYTES];
    snprintf(text, sizeof text,
             "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n%s",
             status, strlen(body), more_head, body);
    write_text(to, text);
}

/* --- requests --------------------------------------------------------------------------------- */

/* Copies a header's value; false where it is absent. */
static bool header(const connection *from, const char *name, char *out, size_t capacity)
{
    size_t length = strlen(name);
    for (const char *line = from->request; line < from->body;) {
        const char *end = strstr(line, "\r\n");
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            snprintf(out, capacity, "%.*s", (int)(end - line - (long)length - 2),
                     line + length + 2);
            return true;
        }
        line = end + 2;
    }
    return false;
}

/* Reads one whole request; false at the end of the connection. */
static bool read_request(connection *from)
{
    from->length = 0;
    for (;;) {
        from->request[from->length] = '\0';
        const char *end = strstr(from->request, "\r\n\r\n");
        if (end != NULL) {
            char text[32] = "0";
            from->body = end + 4;
            header(from, "Content-Length", text, sizeof text);
            from->body_length = strtoul(text, NULL, 10);
            if (from->length >= (size_t)(from->body - from->request) + from->body_length)
                return true;
        }
        ssize_t count =
            read_some(from, from->request + from->length, sizeof from->request - 1 - from->length);
        if (count <= 0)
            return false;
        from->length += (size_t)count;
    }
}

static bool is_signed(const connection *from, const char *task_id)
{
    char timestamp[32] = "", signature[80] = "", key[64] = "", hex[65];
    uint8_t digest[32];
    char text[REQUEST_BYTES + 64];
    header(from, "Aurora-Timestamp", timestamp, sizeof timestamp);
    header(from, "Aurora-Signature", signature, sizeof signature);
    header(from, "Idempotency-Key", key, sizeof key);
    int length =
        snprintf(text, sizeof text, "%s.%.*s", timestamp, (int)from->body_length, from->body);
    HMAC(EVP_sha256(), HTTP_BANK_SECRET, sizeof HTTP_BANK_SECRET - 1, (const uint8_t *)text,
         (size_t)length, digest, NULL);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    long long age = (long long)time(NULL) - strtoll(timestamp, NULL, 10);
    return strcmp(hex, signature) == 0 && strcmp(key, task_id) == 0 && age >= -5 && age <= 60;
}

static const char *member(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text != NULL ? text : "";
}

static int verb_of(const char *name)
{
    for (int verb = AURORA_VERB_AUTHORIZE; verb <= AURORA_VERB_REFUND; verb++) {
        if (strcmp(name, aurora_verb_name(verb)) == 0)
            return verb;
    }
    return 0;
}

/* The request as the task that it stands for; false where it is none. */
static bool read_task(connection *from, const cJSON *object, aurora_task *task_out)
{
    bool is_query = strcmp(member(object, "verb"), "query") == 0;
    *task_out = (aurora_task){
        .size = sizeof *task_out,
        .verb = verb_of(member(object, is_query ? "queried" : "verb")),
        .is_query = is_query,
        .currency = member(object, "currency"),
        .amount_minor =
            (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, "amount_minor")),
    };
    from->verb = is_query ? HTTP_BANK_QUERY : task_out->verb;
    return task_out->verb != 0 &&
           aurora_id_parse(member(object, "task_id"), &task_out->id) == AURORA_OK &&
           aurora_id_parse(member(object, "authorize_id"), &task_out->authorize_id) == AURORA_OK &&
           is_signed(from, member(object, "task_id"));
}

/* --- treatment -------------------------------------------------------------------------------- */

static int next_treatment(http_bank *bank, int verb)
{
    int treatment = atomic_load(&bank->treatment[verb]);
    int left = atomic_load(&bank->times[verb]);
    while (left > 0 && !atomic_compare_exchange_weak(&bank->times[verb], &left, left - 1))
        ;
    return left == 0 ? HTTP_BANK_ANSWERS : treatment;
}

static void say_outcome(connection *to, const char *status, int32_t outcome)
{
    char body[ANSWER_BYTES];
    bool is_declined = outcome == AURORA_OUTCOME_DECLINED;
    snprintf(body, sizeof body,
             "{\"outcome\":\"%s\",\"provider_reference\":\"bank-1\",\"code\":%s,"
             "\"retry_after_ms\":null,\"more\":[{\"a\":1.5e3}]}",
             aurora_outcome_name(outcome), is_declined ? "\"insufficient_funds\"" : "null");
    answer(to, status, "", body);
}

static void accept_request(connection *to, const aurora_task *task, int32_t outcome)
{
    http_bank *bank = to->bank;
    char body[ANSWER_BYTES];
    snprintf(body, sizeof body, "{\"outcome\":\"pending\",\"retry_after_ms\":%d}",
             atomic_load(&bank->delay_ms));
    pthread_mutex_lock(&bank->lock);
    bank->accepted[bank->accepted_count].task_id = task->id;
    bank->accepted[bank->accepted_count].outcome = outcome;
    bank->accepted_count++;
    pthread_mutex_unlock(&bank->lock);
    answer(to, "202 Accepted", "", body);
}

static void drip(connection *to)
{
    write_text(to, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{\"outcome\":\"done\"");
    for (int i = 0; i < 3000 && !to->is_closing; i++) {
        write_text(to, " ");
        pause_ms(20);
    }
}

static void flood(connection *to)
{
    char blanks[4096];
    memset(blanks, ' ', sizeof blanks);
    write_text(to, "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n{\"outcome\":\"done\"");
    for (int i = 0; i < 20000 && write_all(to, blanks, sizeof blanks); i++)
        ;
    to->is_closing = true;
}

/* Of those that have acted. */
static void answer_badly(connection *to, int treatment)
{
    to->is_closing = true;
    switch (treatment) {
    case HTTP_BANK_HANGS:
        pause_ms(60000);
        break;
    case HTTP_BANK_CUTS_HEAD:
        write_text(to, "HTTP/1.1 200 OK\r\nContent-Len");
        break;
    case HTTP_BANK_CUTS_BODY:
        write_text(to, "HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"outcome\":\"done\"}");
        break;
    case HTTP_BANK_BABBLES:
        write_text(to, "{\"outcome\":\"done\"}\r\n\r\n");
        break;
    case HTTP_BANK_SAYS_HELLO:
        answer(to, "200 OK", "Connection: close\r\n", "hello");
        break;
    case HTTP_BANK_FLOODS:
        flood(to);
        break;
    case HTTP_BANK_DRIPS:
        to->is_closing = false;
        drip(to);
        break;
    case HTTP_BANK_FAILS:
        answer(to, "500 Internal Server Error", "Connection: close\r\n",
               "{\"outcome\":\"declined\"}");
        break;
    case HTTP_BANK_REDIRECTS:
        answer(to, "307 Temporary Redirect", "Location: /elsewhere\r\nConnection: close\r\n", "");
        break;
    default:
        break;
    }
}

static bool refuse_unseen(connection *to, int treatment)
{
    switch (treatment) {
    case HTTP_BANK_HANGS_UNSEEN:
        pause_ms(60000);
        to->is_closing = true;
        return true;
    case HTTP_BANK_CUTS_UNSEEN:
        to->is_closing = true;
        return true;
    case HTTP_BANK_IS_BUSY_UNSEEN:
        answer(to, "503 Service Unavailable", "Retry-After: 1\r\n", "");
        return true;
    case HTTP_BANK_REFUSES_UNSEEN:
        answer(to, "401 Unauthorized", "", "{\"outcome\":\"declined\"}");
        return true;
    case HTTP_BANK_MISSES_UNSEEN:
        answer(to, "404 Not Found", "", "<h1>Not Found</h1>");
        return true;
    case HTTP_BANK_DECLINES_UNSEEN:
        answer(to, "402 Payment Required", "",
               "{\"type\":\"about:blank\",\"status\":402,\"outcome\":\"declined\","
               "\"code\":\"stolen_card\"}");
        return true;
    default:
        return false;
    }
}

static void treat(connection *to, const aurora_task *task)
{
    http_bank *bank = to->bank;
    int treatment = next_treatment(bank, to->verb);
    if (refuse_unseen(to, treatment))
        return;
    pthread_mutex_lock(&bank->lock);
    int32_t outcome = provider_act(bank->books, task);
    pthread_mutex_unlock(&bank->lock);
    switch (treatment) {
    case HTTP_BANK_ACCEPTS:
        accept_request(to, task, outcome);
        break;
    case HTTP_BANK_SAYS_UNKNOWN:
        say_outcome(to, "200 OK", AURORA_OUTCOME_UNKNOWN);
        break;
    case HTTP_BANK_IS_LATE:
        pause_ms(atomic_load(&bank->delay_ms));
        say_outcome(to, "200 OK", outcome);
        break;
    case HTTP_BANK_ANSWERS:
        say_outcome(to, "200 OK", outcome);
        break;
    default:
        answer_badly(to, treatment);
    }
}

static void count_open(http_bank *bank)
{
    unsigned open = atomic_fetch_add(&bank->open_requests, 1) + 1;
    unsigned most = atomic_load(&bank->open_requests_max);
    while (open > most && !atomic_compare_exchange_weak(&bank->open_requests_max, &most, open))
        ;
}

static void note_traceparent(const connection *of)
{
    char *text = of->bank->traceparents[of->verb];
    pthread_mutex_lock(&of->bank->lock);
    text[0] = '\0';
    header(of, "traceparent", text, sizeof of->bank->traceparents[0]);
    pthread_mutex_unlock(&of->bank->lock);
}

static void serve_request(connection *of)
{
    http_bank *bank = of->bank;
    aurora_task task;
    if (strncmp(of->request, "POST /pay?shop=1 ", 17) != 0) {
        atomic_fetch_add(&bank->elsewhere, 1);
        answer(of, "404 Not Found", "", "");
        return;
    }
    cJSON *object = cJSON_ParseWithLength(of->body, of->body_length);
    count_open(bank);
    if (object != NULL && read_task(of, object, &task)) {
        note_traceparent(of);
        atomic_fetch_add(&bank->requests[of->verb], 1);
        treat(of, &task);
    } else {
        atomic_fetch_add(&bank->forged, 1);
        answer(of, "401 Unauthorized", "", "");
    }
    atomic_fetch_sub(&bank->open_requests, 1);
    cJSON_Delete(object);
}

/* --- the process ------------------------------------------------------------------------------ */

static void *serve(void *argument)
{
    connection *of = argument;
    bool is_open = of->tls == NULL || SSL_accept(of->tls) == 1;
    while (is_open && !of->is_closing && read_request(of))
        serve_request(of);
    SSL_free(of->tls);
    close(of->fd);
    free(of);
    return NULL;
}

static void run(http_bank *bank)
{
    for (;;) {
        pthread_t thread;
        connection *of = calloc(1, sizeof *of);
        of->bank = bank;
        of->fd = accept(bank->listener, NULL, NULL);
        if (of->fd < 0) {
            free(of);
            continue;
        }
        atomic_fetch_add(&bank->connections, 1);
        if (tls_of_bank != NULL) {
            of->tls = SSL_new(tls_of_bank);
            SSL_set_fd(of->tls, of->fd);
        }
        if (pthread_create(&thread, NULL, serve, of) == 0)
            pthread_detach(thread);
    }
}

/* For 127.0.0.1, a day long, signed by itself. */
static void make_certificate(http_bank *bank, const char *folder)
{
    X509 *certificate = X509_new();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_set_pubkey(certificate, key);
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"bank", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION *address = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(certificate, address, -1);
    X509_EXTENSION_free(address);
    ck_assert_int_gt(X509_sign(certificate, key, EVP_sha256()), 0);
    aurora_test_path(bank->certificate, sizeof bank->certificate, folder, "bank.pem");
    FILE *file = fopen(bank->certificate, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(PEM_write_X509(file, certificate), 1);
    fclose(file);
    tls_of_bank = SSL_CTX_new(TLS_server_method());
    ck_assert_int_eq(SSL_CTX_use_certificate(tls_of_bank, certificate), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey(tls_of_bank, key), 1);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static int bind_port(int *port_out)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(listener, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    *port_out = ntohs(address.sin_port);
    return listener;
}

http_bank *http_bank_new(const char *folder_of_certificate)
{
    http_bank *bank =
        mmap(NULL, sizeof *bank, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(bank, MAP_FAILED);
    pthread_mutexattr_t shared;
    pthread_mutexattr_init(&shared);
    pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&bank->lock, &shared);
    pthread_mutexattr_destroy(&shared);
    bank->books = provider_new();
    if (folder_of_certificate != NULL)
        make_certificate(bank, folder_of_certificate);
    bank->listener = bind_port(&bank->port);
    ck_assert_int_eq(listen(bank->listener, 512), 0);
    pid_t child = fork(); /* not into what both see: the child's is 0 */
    if (child == 0) {
        signal(SIGPIPE, SIG_IGN);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        run(bank);
    }
    ck_assert_int_gt(child, 0); /* not in the child: an assertion writes to Check's file */
    bank->pid = child;
    close(bank->listener);
    SSL_CTX_free(tls_of_bank);
    tls_of_bank = NULL;
    return bank;
}

void http_bank_free(http_bank *bank)
{
    kill(bank->pid, SIGKILL);
    waitpid(bank->pid, NULL, 0);
    provider_free(bank->books);
    munmap(bank, sizeof *bank);
}

/* --- for tests -------------------------------------------------------------------------------- */

static aurora_t *open_shop(const http_bank *bank, const char *url, int port, const char *more,
                           const aurora_tracer *tracer)
{
    char payment[128];
    uint32_t driver_count;
    snprintf(payment, sizeof payment, "payment=%s://127.0.0.1:%d/pay?shop=1",
             bank->certificate[0] != '\0' ? "https" : "http", port);
    const char *settings[] = {payment,
                              "payment_secret=" HTTP_BANK_SECRET,
                              "payment_timeout=1s",
                              "retry_first=20ms",
                              "retry_max=100ms",
                              "search=none:",
                              more != NULL ? more : "search=none:"};
    const aurora_driver *drivers = aurora_net_drivers(&driver_count);
    return shop_open(url, AURORA_OPTIONS(.flags = AURORA_OPEN_WORKER, .drivers = drivers,
                                         .driver_count = driver_count, .settings = settings,
                                         .setting_count = 7, .tracer = tracer));
}

aurora_t *http_bank_shop(const http_bank *bank, const char *url, int port, const char *more)
{
    return open_shop(bank, url, port, more, NULL);
}

aurora_t *http_bank_shop_traced(const http_bank *bank, const char *more,
                                const aurora_tracer *tracer)
{
    return open_shop(bank, "memory:", bank->port, more, tracer);
}

void http_bank_treat(http_bank *bank, int verb, int treatment, int times)
{
    atomic_store(&bank->treatment[verb], treatment);
    atomic_store(&bank->times[verb], times);
}

void http_bank_await(http_bank *bank, int verb, uint32_t requests)
{
    for (int i = 0; i < 3000 && atomic_load(&bank->requests[verb]) < requests; i++)
        pause_ms(10);
    ck_assert_uint_ge(atomic_load(&bank->requests[verb]), requests);
}

static void audit_order(http_bank *bank, const aurora_order *order)
{
    const provider_account *account = NULL;
    for (uint32_t i = 0; i < bank->books->account_count; i++) {
        aurora_id id = bank->books->accounts[i].authorize_id;
        id.bytes[15] = (uint8_t)(id.bytes[15] & ~7u);
        if (aurora_id_is_equal(id, order->id))
            account = &bank->books->accounts[i];
    }
    bool is_sold = order->status == AURORA_ORDER_COMPLETED;
    ck_assert(account != NULL || !is_sold);
    if (account == NULL)
        return; /* the bank never heard of it, and no money moved */
    ck_assert_uint_le(account->captures, 1);
    ck_assert_int_eq(provider_kept(account), is_sold ? order->total_minor : 0);
    ck_assert_int_eq(provider_blocked(account), 0);
}

void http_bank_audit(http_bank *bank, aurora_t *shop)
{
    aurora_order_page *page = NULL;
    aurora_assert_ok(aurora_order_list(shop, NULL, NULL, 1000, &page, NULL));
    pthread_mutex_lock(&bank->lock);
    for (uint32_t i = 0; i < page->count; i++)
        audit_order(bank, page->items[i]);
    pthread_mutex_unlock(&bank->lock);
    aurora_order_page_free(page);
    ck_assert_uint_eq(atomic_load(&bank->forged), 0);
    ck_assert_uint_eq(atomic_load(&bank->elsewhere), 0);
    shop_assert_clean(shop);
}
