/* What kind of document it is, and what told it. */
#include "tests/unit/test.h"

#include "dedup/doctype.h"

#define LAW "Article 1er\nLa loi est publique.\nArticle 2\nElle vaut pour tous.\nArt. L. 121-4\nElle entre en vigueur demain."
#define JUDGMENT "Vu le code civil\nConsidérant que la demande est tardive\nDÉCIDE :\nLa requête est rejetée."

static const struct {
    const char *declared, *url, *text, *type, *by;
} rows[] = {
    {"", "https://a.example/x", "Du texte.", "other", ""},
    {"ld:NewsArticle", "", "Du texte.", "article", "page"},
    {"og:article", "https://a.example/", "", "article", "page"},
    {"og:website", "", "", "other", ""},
    {"ld:Article generator:MediaWiki", "", "", "encyclopedia", "page"},
    {"generator:WordPress og:article", "", "", "article", "page"},
    {"generator:WordPress", "", "", "other", ""},
    {"microdata:DiscussionForumPosting", "", "", "forum", "page"},
    {"ld:BlogPosting ld:QAPage", "", "", "forum", "page"},
    {"ld:ScholarlyArticle", "", LAW, "scholarly", "page"},
    {"meta:citation og:article", "", "", "scholarly", "page"},
    {"generator:DocBook", "", "", "manual", "page"},
    {"generator:mkdocs-1.4", "", "", "manual", "page"},
    {"ld:GovernmentService", "", "", "fiche", "page"},
    {"", "", LAW, "legal", "text"},
    {"og:article", "", LAW, "legal", "text"},
    {"", "", JUDGMENT, "legal", "text"},
    {"", "", "Article 1\nUn seul ne suffit pas.", "other", ""},
    {"", "", "Vu de loin, c'est joli.\nVu de près aussi.", "other", ""},
    {"", "https://a.example/forum/viewtopic.php?t=1", "", "forum", "address"},
    {"og:article", "https://a.example/forums/sujet/7", "", "forum", "address"},
    {"", "https://forum.example/sujet/7", "", "other", ""},
    {"", "https://a.example/blog/2024/x", "", "article", "address"},
    {"", "https://a.example/q?page=/blog/", "", "other", ""},
    {"", "https://a.example/Documentation/x", "", "manual", "address"},
    {"", "https://a.example", "\xFF\xFE\n\nArticle", "other", ""},
    {" :: ld: :x generator:", "", "", "other", ""},
};

static void each_row(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct doctype_facts f = {slice_str(rows[i].declared), slice_str(rows[i].url), slice_str(rows[i].text)};
        struct doctype t;
        doctype_of(&f, &t);
        if (strcmp(doc_type_name(t.type), rows[i].type) != 0) print_message("row %zu\n", i);
        assert_string_equal(doc_type_name(t.type), rows[i].type);
        assert_string_equal(t.by, rows[i].by);
    }
}

/* An article of law in a long text is a quotation. */
static void proportions(void **state) {
    struct buf text = {0};
    struct doctype t;
    (void)state;
    buf_str(&text, LAW);
    for (int i = 0; i < 40; i++) buf_str(&text, "\nUne ligne de commentaire.");
    struct doctype_facts f = {slice_str(""), slice_str(""), buf_view(&text)};
    doctype_of(&f, &t);
    assert_int_equal(t.type, DOC_TYPE_OTHER);
    buf_free(&text);
}

static void names(void **state) {
    (void)state;
    struct slice all = slice_str(doc_type_names()), one;
    int n = 0;
    for (enum doc_type t; slice_cut(&all, ',', &one); n++) assert_true(doc_type_find(slice_trim(one), &t));
    assert_int_equal(n, DOC_TYPES);
    assert_string_equal(doc_type_label("legal", false), "texte juridique");
    assert_string_equal(doc_type_label("unheard", true), "unheard");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_row), cmocka_unit_test(proportions), cmocka_unit_test(names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
