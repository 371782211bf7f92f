/* SPDX-License-Identifier: MIT */
/* The description of the API against the route tables, in both directions. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "console/console.h"
#include "http/signature.h"
#include "routes/openapi.h"
#include "routes/routes.h"
#include "test.h"

#define TABLES 11

static cJSON *document;
static aurora_route_table tables[TABLES];

static void setup(void)
{
    tables[0] = aurora_routes_orders();
    tables[1] = aurora_routes_products();
    tables[2] = aurora_routes_inventory();
    tables[3] = aurora_routes_search();
    tables[4] = aurora_routes_recommendations();
    tables[5] = aurora_routes_payments();
    tables[6] = aurora_routes_admin();
    tables[7] = aurora_routes_system();
    tables[8] = aurora_routes_sagas();
    tables[9] = aurora_routes_notifications();
    tables[10].routes = aurora_console_routes(&tables[10].count);
    document = cJSON_ParseWithLength(aurora__openapi_json, aurora__openapi_json_len);
    ck_assert_msg(document != NULL, "not JSON near: %.60s", cJSON_GetErrorPtr());
}

static void teardown(void)
{
    cJSON_Delete(document);
}

/* --- the document ----------------------------------------------------------------------------- */

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *text(const cJSON *object, const char *name)
{
    const char *value = cJSON_GetStringValue(member(object, name));
    return value == NULL ? "" : value;
}

/* What stands at "#/components/parameters/Limit"; NULL = nothing. */
static const cJSON *at_pointer(const char *pointer)
{
    const cJSON *at = document;
    ck_assert_msg(strncmp(pointer, "#/", 2) == 0, "not a local reference: %s", pointer);
    for (pointer++; at != NULL && *pointer == '/';) {
        char name[128];
        size_t len = strcspn(pointer + 1, "/");
        snprintf(name, sizeof name, "%.*s", (int)len, pointer + 1);
        at = member(at, name);
        pointer += len + 1;
    }
    return at;
}

static const cJSON *resolve(const cJSON *value)
{
    const char *pointer = text(value, "$ref");
    return *pointer == '\0' ? value : at_pointer(pointer);
}

static const char *method_name(int32_t method)
{
    static const char *const names[] = {
        [AURORA_HTTP_GET] = "get",       [AURORA_HTTP_POST] = "post",   [AURORA_HTTP_PUT] = "put",
        [AURORA_HTTP_DELETE] = "delete", [AURORA_HTTP_PATCH] = "patch",
    };
    ck_assert(method == AURORA_HTTP_GET || method == AURORA_HTTP_POST ||
              method == AURORA_HTTP_PUT || method == AURORA_HTTP_DELETE);
    return names[method];
}

static const cJSON *operation_of(const aurora_http_route *route)
{
    return member(member(member(document, "paths"), route->template_path),
                  method_name(route->method));
}

static bool has_word(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = words; *at != '\0'; at += strcspn(at, " "), at += *at == ' ') {
        if (strcspn(at, " ") == len && strncmp(at, word, len) == 0)
            return true;
    }
    return false;
}

/* Calls `check` with every route of every table. */
static void each_route(void (*check)(const aurora_http_route *route, const cJSON *operation))
{
    for (int i = 0; i < TABLES; i++) {
        for (uint32_t j = 0; j < tables[i].count; j++)
            check(&tables[i].routes[j], operation_of(&tables[i].routes[j]));
    }
}

/* --- from the tables to the document ---------------------------------------------------------- */

static void check_operation(const aurora_http_route *route, const cJSON *operation)
{
    ck_assert_msg(operation != NULL, "%s %s is not described", method_name(route->method),
                  route->template_path);
    ck_assert_str_eq(text(operation, "operationId"), route->operation);
    ck_assert_msg(*text(operation, "summary") != '\0', "%s has no summary", route->operation);
    ck_assert_int_eq(cJSON_GetArraySize(member(operation, "tags")), 1);
    ck_assert_msg(member(member(operation, "responses"), "default") != NULL,
                  "%s answers no problem", route->operation);
}

START_TEST(test_openapi__describes_every_route)
{
    each_route(check_operation);
}
END_TEST

/* A gateway has one parameter more, which chooses the service that it asks. */
static bool is_gateways(const aurora_http_route *route, const char *name)
{
    return strcmp(name, "service") == 0 && strncmp(route->template_path, "/admin/", 7) == 0 &&
           strncmp(route->template_path, "/admin/sagas", 12) != 0;
}

static void check_parameters(const aurora_http_route *route, const cJSON *operation)
{
    uint32_t queries = 0;
    uint32_t expected = 0;
    const cJSON *given;
    cJSON_ArrayForEach(given, member(operation, "parameters"))
    {
        const cJSON *parameter = resolve(given);
        const char *name = text(parameter, "name");
        const char *in = text(parameter, "in");
        char braced[64];
        ck_assert_msg(member(parameter, "schema") != NULL, "%s: %s", route->operation, name);
        snprintf(braced, sizeof braced, "{%s}", name);
        if (strcmp(in, "path") == 0)
            ck_assert_msg(strstr(route->template_path, braced) != NULL, "%s: %s is not in the path",
                          route->operation, name);
        if (strcmp(in, "query") != 0 || is_gateways(route, name))
            continue;
        queries++;
        ck_assert_msg(has_word(route->query, name), "%s does not take %s", route->operation, name);
    }
    for (const char *at = route->query; *at != '\0'; at += strcspn(at, " "), at += *at == ' ')
        expected++;
    ck_assert_msg(queries == expected, "%s: %u of %u query parameters are described",
                  route->operation, queries, expected);
}

START_TEST(test_openapi__describes_every_query_parameter)
{
    each_route(check_parameters);
}
END_TEST

static void check_path_parameters(const aurora_http_route *route, const cJSON *operation)
{
    for (const char *at = route->template_path; (at = strchr(at, '{')) != NULL; at++) {
        char name[64];
        bool is_found = false;
        const cJSON *given;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at + 1, "}"), at + 1);
        cJSON_ArrayForEach(given, member(operation, "parameters"))
        {
            const cJSON *parameter = resolve(given);
            is_found = is_found || (strcmp(text(parameter, "in"), "path") == 0 &&
                                    strcmp(text(parameter, "name"), name) == 0 &&
                                    cJSON_IsTrue(member(parameter, "required")));
        }
        ck_assert_msg(is_found, "%s: {%s} is not described", route->operation, name);
    }
}

START_TEST(test_openapi__describes_every_path_parameter)
{
    each_route(check_path_parameters);
}
END_TEST

static void check_scope(const aurora_http_route *route, const cJSON *operation)
{
    char scopes[160];
    const cJSON *security = member(operation, "security");
    ck_assert_msg(cJSON_IsArray(security), "%s says nothing of its rights", route->operation);
    if ((route->flags & AURORA_HTTP_SIGNED) != 0) {
        ck_assert(member(cJSON_GetArrayItem(security, 0), "payment") != NULL);
        return;
    }
    if (route->scope == 0) {
        ck_assert_msg(cJSON_GetArraySize(security) == 0, "%s is public", route->operation);
        return;
    }
    static const char *const ways[] = {"signature", "bearer"};
    aurora_scopes_write(route->scope, scopes);
    ck_assert_int_eq(cJSON_GetArraySize(security), 2);
    for (int i = 0; i < 2; i++) {
        const cJSON *needed = member(cJSON_GetArrayItem(security, i), ways[i]);
        ck_assert_int_eq(cJSON_GetArraySize(needed), 1);
        ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetArrayItem(needed, 0)), scopes);
    }
    ck_assert_msg(member(member(operation, "responses"), "403") != NULL, "%s can be forbidden",
                  route->operation);
}

START_TEST(test_openapi__names_the_scope_of_every_route)
{
    each_route(check_scope);
}
END_TEST

static void check_body(const aurora_http_route *route, const cJSON *operation)
{
    const cJSON *body = member(operation, "requestBody");
    bool is_needed = (route->flags & AURORA_HTTP_JSON_BODY) != 0;
    bool is_taken = is_needed || (route->flags & (AURORA_HTTP_JSON_MAYBE | AURORA_HTTP_ANY_BODY));
    ck_assert_msg((body != NULL) == is_taken, "%s: a body is %s", route->operation,
                  is_taken ? "taken" : "not taken");
    if (is_needed)
        ck_assert_msg(cJSON_IsTrue(member(body, "required")), "%s: its body is required",
                      route->operation);
    if ((route->flags & AURORA_HTTP_JSON_MAYBE) != 0)
        ck_assert_msg(cJSON_IsFalse(member(body, "required")), "%s: its body is optional",
                      route->operation);
}

START_TEST(test_openapi__describes_every_body)
{
    each_route(check_body);
}
END_TEST

static bool is_named(const cJSON *names, const char *name)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, names)
    {
        if (strcmp(cJSON_GetStringValue(item), name) == 0)
            return true;
    }
    return false;
}

static bool takes_null(const cJSON *schema)
{
    const cJSON *type = member(resolve(schema), "type");
    const cJSON *one;
    cJSON_ArrayForEach(one, member(schema, "anyOf"))
    {
        if (takes_null(one))
            return true;
    }
    return cJSON_IsArray(type) ? is_named(type, "null") : strcmp(text(schema, "type"), "null") == 0;
}

/* null is the same as leaving an optional member out (docs/HTTP.md), so its schema takes it. */
static void check_nulls(const char *where, const cJSON *schema)
{
    const cJSON *property;
    schema = resolve(schema);
    cJSON_ArrayForEach(property, member(schema, "properties"))
    {
        ck_assert_msg(is_named(member(schema, "required"), property->string) ||
                          takes_null(property),
                      "%s: %s is optional and takes no null", where, property->string);
        check_nulls(where, property);
    }
    if (member(schema, "items") != NULL)
        check_nulls(where, member(schema, "items"));
    cJSON_ArrayForEach(property, member(schema, "anyOf")) check_nulls(where, property);
    cJSON_ArrayForEach(property, member(schema, "oneOf")) check_nulls(where, property);
}

static void check_optional_members(const aurora_http_route *route, const cJSON *operation)
{
    const cJSON *type;
    cJSON_ArrayForEach(type, member(resolve(member(operation, "requestBody")), "content"))
        check_nulls(route->operation, member(type, "schema"));
}

START_TEST(test_openapi__optional_members_of_a_body_take_null)
{
    each_route(check_optional_members);
}
END_TEST

/* --- from the document to the tables ---------------------------------------------------------- */

static bool is_served(const char *path, const char *method, const char *id)
{
    for (int i = 0; i < TABLES; i++) {
        for (uint32_t j = 0; j < tables[i].count; j++) {
            const aurora_http_route *route = &tables[i].routes[j];
            if (strcmp(route->template_path, path) == 0 &&
                strcmp(method_name(route->method), method) == 0 &&
                strcmp(route->operation, id) == 0)
                return true;
        }
    }
    return false;
}

START_TEST(test_openapi__describes_nothing_that_is_not_served)
{
    const cJSON *path, *operation;
    cJSON_ArrayForEach(path, member(document, "paths"))
    {
        cJSON_ArrayForEach(operation, path)
        {
            ck_assert_msg(
                is_served(path->string, operation->string, text(operation, "operationId")),
                "%s %s is described and not served", operation->string, path->string);
        }
    }
}
END_TEST

/* Visits every value; references must lead somewhere. */
static void check_references(const cJSON *value, int *count)
{
    const cJSON *child;
    const char *pointer = cJSON_IsObject(value) ? text(value, "$ref") : "";
    if (*pointer != '\0') {
        (*count)++;
        ck_assert_msg(at_pointer(pointer) != NULL, "%s leads nowhere", pointer);
    }
    cJSON_ArrayForEach(child, value)
    {
        check_references(child, count);
    }
}

START_TEST(test_openapi__references_lead_somewhere)
{
    int count = 0;
    check_references(document, &count);
    ck_assert_int_gt(count, 100);
}
END_TEST

START_TEST(test_openapi__shows_an_example_of_every_body)
{
    const cJSON *schema;
    cJSON_ArrayForEach(schema, at_pointer("#/components/schemas"))
    {
        bool is_page = strstr(schema->string, "Page") != NULL;
        bool is_object = strcmp(text(schema, "type"), "object") == 0;
        if (is_object && !is_page && strcmp(schema->string, "ProductBatch") != 0 &&
            strcmp(schema->string, "Charge") != 0)
            ck_assert_msg(cJSON_GetArraySize(member(schema, "examples")) > 0, "%s has no example",
                          schema->string);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("openapi");
    TCase *tcase = tcase_create("openapi");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_openapi__describes_every_route);
    tcase_add_test(tcase, test_openapi__describes_every_query_parameter);
    tcase_add_test(tcase, test_openapi__describes_every_path_parameter);
    tcase_add_test(tcase, test_openapi__names_the_scope_of_every_route);
    tcase_add_test(tcase, test_openapi__describes_every_body);
    tcase_add_test(tcase, test_openapi__optional_members_of_a_body_take_null);
    tcase_add_test(tcase, test_openapi__describes_nothing_that_is_not_served);
    tcase_add_test(tcase, test_openapi__references_lead_somewhere);
    tcase_add_test(tcase, test_openapi__shows_an_example_of_every_body);
    suite_add_tcase(all, tcase);
    return all;
}

AURORA_TEST_MAIN(suite)
