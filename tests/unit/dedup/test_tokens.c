/* How French text is parted into words: each row was checked against spaCy 3.8's French tokenizer. */
#include "tests/unit/test.h"

#include "dedup/tokens.h"

static const struct {
    const char *text, *tokens; /* a bar between two */
} rows[] = {
    {"L'homme d’État n'est qu'un roseau.", "L'|homme|d’|État|n'|est|qu'|un|roseau|."},
    {"aujourd'hui, c'est-à-dire jeudi", "aujourd'hui|,|c'|est|-|à|-|dire|jeudi"},
    {"Est-il venu ? Va-t-il ? dit-elle", "Est|-il|venu|?|Va|-t|-il|?|dit|-elle"},
    {"sous-préfet chef-d'œuvre arc-en-ciel", "sous-préfet|chef|-|d'|œuvre|arc-en-ciel"},
    {"(cf. p. 3) «\u00A0oui\u00A0»", "(|cf.|p.|3|)|«|oui|»"},
    {"5km, 10% et 12€", "5|km|,|10|%|et|12|€"},
    {"n°12 et n° 12", "n°|12|et|n°|12"},
    {"Voir http://exemple.fr/a-b?c=d.", "Voir|http://exemple.fr/a-b?c=d|."},
    {"jean.dupont@exemple.fr", "jean.dupont@exemple.fr"},
    {"fin... suite… M. Dupont etc.", "fin|...|suite|…|M.|Dupont|etc."},
    {"rouge-vert", "rouge|-|vert"},
    {"", ""},
    {" \n\t", ""},
};

struct list {
    struct buf b;
    size_t n;
};

static void sink(void *ctx, const struct token *t) {
    struct list *l = ctx;
    if (l->n++) buf_char(&l->b, '|');
    buf_slice(&l->b, t->text);
}

static void test_rows(void **state) {
    (void)state;
    struct tokenizer *t = tokenizer_new();
    struct list l = {0};
    for (size_t i = 0; i < ROWS(rows); i++) {
        buf_clear(&l.b);
        l.n = 0;
        tokenizer_run(t, slice_str(rows[i].text), sink, &l);
        ROW_CHECK(i, strcmp(buf_cstr(&l.b), rows[i].tokens) == 0, "%s", buf_cstr(&l.b));
    }
    buf_free(&l.b);
    tokenizer_free(t);
}

static void count(void *ctx, const struct token *t) { *(size_t *)ctx += t->text.len; }

/* A piece longer than the tokenizer's window loses nothing, whatever it is made of. */
static void test_long(void **state) {
    (void)state;
    static const char *const made_of[] = {"a", ".", "é", "(", "a-", "1+", "…", "l'", "€"};
    struct tokenizer *t = tokenizer_new();
    for (size_t i = 0; i < ROWS(made_of); i++) {
        struct buf b = {0};
        size_t bytes = 0;
        for (unsigned k = 0; k < 20000; k++) buf_str(&b, made_of[i]);
        tokenizer_run(t, buf_view(&b), count, &bytes);
        ROW_CHECK(i, bytes == b.len, "%zu of %zu", bytes, b.len);
        buf_free(&b);
    }
    tokenizer_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_long)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
