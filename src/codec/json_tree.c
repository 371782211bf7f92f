/* SPDX-License-Identifier: MIT */
#include "codec/json_tree.h"

#include <string.h>

#define DEPTH_MAX 16
#define NODES_MAX 65536u

typedef struct {
    aurora__json_tree *tree;
    const char *at;
    const char *end;
    aurora_status status;
} parser;

static bool fail(parser *from, aurora_status status)
{
    if (from->status == AURORA_OK)
        from->status = status;
    return false;
}

static void skip_space(parser *from)
{
    while (from->at < from->end &&
           (*from->at == ' ' || *from->at == '\t' || *from->at == '\n' || *from->at == '\r'))
        from->at++;
}

static bool take(parser *from, char c)
{
    skip_space(from);
    if (from->at == from->end || *from->at != c)
        return false;
    from->at++;
    return true;
}

/* The node's number, or UINT32_MAX. */
static uint32_t add(parser *from, uint32_t kind, const char *start, size_t length)
{
    aurora__json_tree *tree = from->tree;
    if (tree->count == NODES_MAX) {
        fail(from, AURORA_ECORRUPT);
        return UINT32_MAX;
    }
    if (tree->count == tree->capacity) {
        uint32_t capacity = tree->capacity == 0 ? 64 : tree->capacity * 2;
        aurora__json_node *nodes = aurora__arena_take(tree->arena, capacity * sizeof *nodes);
        if (nodes == NULL) {
            fail(from, AURORA_ENOMEM);
            return UINT32_MAX;
        }
        if (tree->count > 0)
            memcpy(nodes, tree->nodes, tree->count * sizeof *nodes);
        tree->nodes = nodes;
        tree->capacity = capacity;
    }
    tree->nodes[tree->count] = (aurora__json_node){kind, (uint32_t)(start - tree->text),
                                                   (uint32_t)length, tree->count + 1};
    return tree->count++;
}

/* --- texts ------------------------------------------------------------------------------------ */

/* How many bytes the character at `at` takes; 0 for bytes that are no UTF-8 (RFC 3629). */
static size_t character(const char *at, const char *end)
{
    const uint8_t *byte = (const uint8_t *)at;
    size_t left = (size_t)(end - at);
    if (byte[0] < 0x80)
        return 1;
    size_t length = byte[0] >= 0xF0 ? 4 : byte[0] >= 0xE0 ? 3 : 2;
    if (byte[0] < 0xC2 || byte[0] > 0xF4 || left < length)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((byte[i] & 0xC0) != 0x80)
            return 0;
    }
    bool is_overlong = (byte[0] == 0xE0 && byte[1] < 0xA0) || (byte[0] == 0xF0 && byte[1] < 0x90);
    bool is_beyond = (byte[0] == 0xED && byte[1] > 0x9F) || (byte[0] == 0xF4 && byte[1] > 0x8F);
    return is_overlong || is_beyond ? 0 : length;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The four digits of \uXXXX at `at`, or -1. */
static int32_t read_unit(const char *at, const char *end)
{
    int32_t unit = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = digit_of(at[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* The character of an escape whose backslash is at `at`, and how many bytes it takes; 0 bytes for a
 * wrong one. Surrogates stand in pairs. */
static size_t read_escape(const char *at, const char *end, int32_t *character_out)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    if (end - at < 2)
        return 0;
    const char *name = at[1] == '\0' ? NULL : strchr(names, at[1]);
    if (name != NULL) {
        *character_out = (uint8_t)values[name - names];
        return 2;
    }
    int32_t high = at[1] == 'u' ? read_unit(at + 2, end) : -1;
    *character_out = high;
    if (high < 0 || (high >= 0xDC00 && high <= 0xDFFF))
        return 0;
    if (high < 0xD800 || high > 0xDBFF)
        return 6;
    if (end - at < 12 || at[6] != '\\' || at[7] != 'u')
        return 0;
    int32_t low = read_unit(at + 8, end);
    if (low < 0xDC00 || low > 0xDFFF)
        return 0;
    *character_out = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    return 12;
}

static bool parse_text(parser *from)
{
    const char *start = ++from->at;
    while (from->at < from->end && *from->at != '"') {
        int32_t ignored;
        size_t length = (uint8_t)*from->at < 0x20 ? 0
                        : *from->at == '\\'       ? read_escape(from->at, from->end, &ignored)
                                                  : character(from->at, from->end);
        if (length == 0)
            return fail(from, AURORA_ECORRUPT);
        from->at += length;
    }
    if (from->at == from->end)
        return fail(from, AURORA_ECORRUPT);
    size_t length = (size_t)(from->at++ - start);
    return add(from, AURORA__JSON_TEXT, start, length) != UINT32_MAX;
}

/* --- values ----------------------------------------------------------------------------------- */

static bool take_digits(parser *from)
{
    const char *start = from->at;
    while (from->at < from->end && *from->at >= '0' && *from->at <= '9')
        from->at++;
    return from->at > start;
}

static bool parse_number(parser *from)
{
    const char *start = from->at;
    if (*from->at == '-')
        from->at++;
    const char *whole = from->at;
    bool is_sound = take_digits(from) && (from->at == whole + 1 || *whole != '0');
    if (is_sound && from->at < from->end && *from->at == '.') {
        from->at++;
        is_sound = take_digits(from);
    }
    if (is_sound && from->at < from->end && (*from->at | 0x20) == 'e') {
        from->at++;
        if (from->at < from->end && (*from->at == '+' || *from->at == '-'))
            from->at++;
        is_sound = take_digits(from);
    }
    if (!is_sound)
        return fail(from, AURORA_ECORRUPT);
    return add(from, AURORA__JSON_NUMBER, start, (size_t)(from->at - start)) != UINT32_MAX;
}

static bool parse_word(parser *from)
{
    static const struct {
        const char *word;
        uint32_t kind;
    } words[] = {
        {"null", AURORA__JSON_NULL}, {"true", AURORA__JSON_BOOL}, {"false", AURORA__JSON_BOOL}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t length = strlen(words[i].word);
        if ((size_t)(from->end - from->at) < length || memcmp(from->at, words[i].word, length) != 0)
            continue;
        from->at += length;
        return add(from, words[i].kind, from->at - length, length) != UINT32_MAX;
    }
    return fail(from, AURORA_ECORRUPT);
}

static bool parse_value(parser *from, int depth);

static bool parse_member(parser *from, int depth)
{
    skip_space(from);
    if (from->at == from->end || *from->at != '"' || !parse_text(from) || !take(from, ':'))
        return fail(from, AURORA_ECORRUPT);
    return parse_value(from, depth);
}

static bool parse_group(parser *from, bool is_object, int depth)
{
    const char *start = from->at++;
    char close = is_object ? '}' : ']';
    uint32_t node = add(from, is_object ? AURORA__JSON_OBJECT : AURORA__JSON_ARRAY, start, 0);
    if (node == UINT32_MAX || depth == DEPTH_MAX)
        return fail(from, AURORA_ECORRUPT);
    bool is_done = take(from, close);
    while (!is_done) {
        if (is_object ? !parse_member(from, depth + 1) : !parse_value(from, depth + 1))
            return false;
        is_done = take(from, close);
        if (!is_done && !take(from, ','))
            return fail(from, AURORA_ECORRUPT);
    }
    from->tree->nodes[node].length = (uint32_t)(from->at - start);
    from->tree->nodes[node].next = from->tree->count;
    return true;
}

static bool parse_value(parser *from, int depth)
{
    skip_space(from);
    if (from->at == from->end)
        return fail(from, AURORA_ECORRUPT);
    char c = *from->at;
    if (c == '{' || c == '[')
        return parse_group(from, c == '{', depth);
    if (c == '"')
        return parse_text(from);
    return c == '-' || (c >= '0' && c <= '9') ? parse_number(from) : parse_word(from);
}

aurora_status aurora__json_tree_read(aurora__json_tree *tree, aurora__arena *arena,
                                     const char *text, size_t length)
{
    *tree = (aurora__json_tree){.text = text, .arena = arena};
    if (text == NULL || length > UINT32_MAX)
        return AURORA_ECORRUPT;
    parser from = {.tree = tree, .at = text, .end = text + length};
    if (!parse_value(&from, 0))
        return from.status;
    skip_space(&from);
    return from.at == from.end ? AURORA_OK : AURORA_ECORRUPT;
}

/* --- reading ---------------------------------------------------------------------------------- */

bool aurora__json_tree_is(const aurora__json_tree *tree, uint32_t node, uint32_t kind)
{
    return node < tree->count && tree->nodes[node].kind == kind;
}

uint32_t aurora__json_tree_member(const aurora__json_tree *tree, uint32_t object, const char *name)
{
    uint32_t found = 0;
    size_t length = strlen(name);
    if (!aurora__json_tree_is(tree, object, AURORA__JSON_OBJECT))
        return 0;
    for (uint32_t i = object + 1; i < tree->nodes[object].next; i = tree->nodes[i + 1].next) {
        const aurora__json_node *key = &tree->nodes[i];
        if (key->length == length && memcmp(tree->text + key->start, name, length) == 0)
            found = i + 1;
    }
    return found;
}

uint32_t aurora__json_tree_first(const aurora__json_tree *tree, uint32_t array)
{
    bool has_any = aurora__json_tree_is(tree, array, AURORA__JSON_ARRAY) &&
                   tree->nodes[array].next > array + 1;
    return has_any ? array + 1 : 0;
}

uint32_t aurora__json_tree_next(const aurora__json_tree *tree, uint32_t array, uint32_t element)
{
    uint32_t next = tree->nodes[element].next;
    return next < tree->nodes[array].next ? next : 0;
}

static size_t write_character(char *at, int32_t c)
{
    if (c < 0x80) {
        at[0] = (char)c;
        return 1;
    }
    size_t length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = length - 1; i > 0; i--) {
        at[i] = (char)(0x80 | (c & 0x3F));
        c >>= 6;
    }
    at[0] = (char)(leads[length] | c);
    return length;
}

aurora_status aurora__json_tree_text(const aurora__json_tree *tree, uint32_t node, size_t bytes_max,
                                     const char **out)
{
    *out = NULL;
    if (!aurora__json_tree_is(tree, node, AURORA__JSON_TEXT))
        return AURORA_ECORRUPT;
    const char *at = tree->text + tree->nodes[node].start;
    const char *end = at + tree->nodes[node].length;
    char *text = aurora__arena_take(tree->arena, tree->nodes[node].length + 1u);
    size_t length = 0;
    if (text == NULL)
        return AURORA_ENOMEM;
    while (at < end) {
        int32_t c = (uint8_t)*at;
        if (c != '\\') {
            text[length++] = *at++;
            continue;
        }
        at += read_escape(at, end, &c);
        if (c == 0)
            return AURORA_ECORRUPT;
        length += write_character(text + length, c);
    }
    text[length] = '\0';
    if (length > bytes_max)
        return AURORA_ECORRUPT;
    *out = text;
    return AURORA_OK;
}

bool aurora__json_tree_integer(const aurora__json_tree *tree, uint32_t node, int64_t *out)
{
    *out = 0;
    if (!aurora__json_tree_is(tree, node, AURORA__JSON_NUMBER))
        return false;
    const char *at = tree->text + tree->nodes[node].start;
    const char *end = at + tree->nodes[node].length;
    bool is_negative = *at == '-';
    uint64_t limit = (uint64_t)INT64_MAX + (is_negative ? 1 : 0);
    uint64_t number = 0;
    for (at += is_negative ? 1 : 0; at < end; at++) {
        if (*at < '0' || *at > '9')
            return false;
        uint64_t digit = (uint64_t)(*at - '0');
        if (number > (limit - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *out = !is_negative || number == 0 ? (int64_t)number : -(int64_t)(number - 1) - 1;
    return true;
}

bool aurora__json_tree_is_true(const aurora__json_tree *tree, uint32_t node)
{
    return aurora__json_tree_is(tree, node, AURORA__JSON_BOOL) &&
           tree->text[tree->nodes[node].start] == 't';
}
