/* SPDX-License-Identifier: MIT */
#include "adapters/search_elastic/document.h"

#include <string.h>

#include "adapters/search_elastic/words.h"

#define NAME_WORDS_MAX 64
#define ACCESSORY_REACH 2 /* words from a thing to what belongs to it */

static void add_text(aurora__elastic_text *to, const char *name, const char *text)
{
    if (text[0] != '\0')
        aurora__elastic_json(to, ",%q:%q", name, text);
}

static void add_fields(aurora__elastic_text *to, const aurora_product *product)
{
    aurora__elastic_json(to, "'name':%q", product->name);
    add_text(to, "brand", product->brand);
    add_text(to, "category", product->category);
    add_text(to, "description", product->description);
    add_text(to, "image_url", product->image_url);
    add_text(to, "currency", product->currency);
    aurora__elastic_json(to, ",'price_minor':%d,'created_at_ms':%d,'updated_at_ms':%d",
                         product->price_minor, product->created_at_ms, product->updated_at_ms);
    if (product->attribute_count == 0)
        return;
    aurora__elastic_json(to, ",'attributes':[");
    for (uint32_t i = 0; i < product->attribute_count; i++)
        aurora__elastic_json(to, i == 0 ? "{'name':%q,'value':%q}" : ",{'name':%q,'value':%q}",
                             product->attributes[i].name, product->attributes[i].value);
    aurora__elastic_json(to, "]");
}

/* --- what a name says ------------------------------------------------------------------------- */

/* What the product is for: the words in front of an accessory, and those behind "for". Who looks
 * for a keyboard does not mean a keyboard cover, nor a cover for keyboards. */
static bool says_what_for(const aurora__elastic_word *words, uint32_t count, uint32_t at,
                          uint32_t for_at)
{
    if (at > for_at)
        return true;
    for (uint32_t i = at + 1; i < count && i <= at + ACCESSORY_REACH; i++) {
        if (aurora__elastic_is_accessory(&words[i]))
            return true;
    }
    return false;
}

static void add_owner(aurora__elastic_text *to, const char *name)
{
    aurora__elastic_word words[NAME_WORDS_MAX];
    uint32_t count = aurora__elastic_words(name, words, NAME_WORDS_MAX);
    uint32_t for_at = UINT32_MAX;
    uint32_t added = 0;
    for (uint32_t i = 1; i < count && for_at == UINT32_MAX; i++)
        for_at = aurora__elastic_is_for(&words[i]) ? i : UINT32_MAX;
    for (uint32_t i = 0; i < count; i++) {
        if (!says_what_for(words, count, i, for_at))
            continue;
        aurora__elastic_json(to, added == 0 ? ",'belongs_to':[" : ",");
        aurora__elastic_json_text(to, words[i].text, words[i].length);
        added++;
    }
    if (added > 0)
        aurora__elastic_json(to, "]");
}

/* The word that a category ends with says what its products are: LCD monitors. */
static void add_head(aurora__elastic_text *to, const char *category)
{
    aurora__elastic_word words[NAME_WORDS_MAX];
    uint32_t count = aurora__elastic_words(category, words, NAME_WORDS_MAX);
    if (count == 0)
        return;
    aurora__elastic_json(to, ",'head':");
    aurora__elastic_json_text(to, words[count - 1].text, words[count - 1].length);
}

/* --- the whole -------------------------------------------------------------------------------- */

static void begin(aurora__elastic_text *to, const aurora_search_change *change)
{
    aurora__elastic_json(to, "{'sku':%q,'version':%d,'deleted':%r", change->sku,
                         (int64_t)change->version, change->product == NULL ? "true" : "false");
}

void aurora__elastic_document(aurora__elastic_text *to, const aurora_search_change *change)
{
    begin(to, change);
    if (change->product != NULL) {
        aurora__elastic_text_add(to, ",", 1);
        add_fields(to, change->product);
        add_owner(to, change->product->name);
        add_head(to, change->product->category);
    }
    aurora__elastic_text_add(to, "}", 1);
}

void aurora__elastic_document_kept(aurora__elastic_text *to, const aurora_search_change *change)
{
    begin(to, change);
    if (change->product != NULL) {
        aurora__elastic_json(to, ",'kept':{");
        add_fields(to, change->product);
        aurora__elastic_text_add(to, "}", 1);
    }
    aurora__elastic_text_add(to, "}", 1);
}
