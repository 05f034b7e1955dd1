/* Wikitext to text: what a reader of the page would see. */
#include "base/limits.h"
#include "crawler/wikitext.h"
#include "tests/unit/test.h"

static const struct {
    const char *source, *text;
} cases[] = {
    {"", ""},
    {"Un '''mot''' en ''italique'', l''''homme''' et '''''tout'''''.", "Un mot en italique, l'homme et tout."},
    {"[[Lyon]], la [[Saône (rivière)|Saône]] et [[Alpes|les ''Alpes'']].", "Lyon, la Saône et les Alpes."},
    {"[[Fichier:a.jpg|vignette|Une [[légende]] ici]]Texte[[Catégorie:Ville]] suite [[:Catégorie:Ville]]",
     "Texte suite Catégorie:Ville"},
    {"[[en:Lyon]]\nVoir [[s:Candide|Candide]].", "Voir Candide."},
    {"Fait<ref name=\"a\">{{Ouvrage|titre=X}}</ref> avéré<ref name=b /> ici<ref>pas fermé", "Fait avéré icipas fermé"},
    {"{{Infobox Ville|nom=Lyon|carte={{Carte|x}}}}\nLyon est une ville.", "Lyon est une ville."},
    {"Au {{s|XIX}}, au {{XVIIIe siècle}}, au {{-s|V|e}} ; le {{date|14|juillet|1789|en France}}.",
     "Au XIXe siècle, au XVIIIe siècle, au Ve siècle av. J.-C. ; le 14 juillet 1789."},
    {"{{unité|10|km}} et {{formatnum:12000}} {{lang|en|the end}} {{citation|mot}} {{1er}} {{Lien|langue=en|trad=Foo|fr=Fou|texte=le fou}}",
     "10 km et 12000 the end « mot » 1er le fou"},
    {"== Histoire ==\n\n=== Antiquité ===\nDes faits.\n\n== Vide ==\n=== Vide aussi ===\n== Fin ==\nTexte.\n== Notes ==\n<references />",
     "Histoire\nAntiquité\nDes faits.\nFin\nTexte."},
    {"* un\n** deux\n# trois\n; terme : sens\n:: indenté\n----\nfin", "un\ndeux\ntrois\nterme : sens\nindenté\nfin"},
    {"avant\n{| class=\"wikitable\"\n|+ Titre\n! Ville !! Population\n|-\n| [[Lyon|Lugdunum]] || style=\"x\" | 500 000\n|-\n| Brest\n| 140 000\n|}\naprès",
     "avant\nTitre\nVille | Population\nLugdunum | 500 000\nBrest | 140 000\naprès"},
    {"a &nbsp;b&amp;c &#233; &#xE9; &inconnu; <b>gras</b><br/>suite <!-- caché --> __NOTOC__ 3 < 4",
     "a \xc2\xa0"
     "b&c é é &inconnu; gras suite 3 < 4"},
    {"[https://a.example/x un ''lien''] [https://b.example] https://c.example", "un lien https://c.example"},
    {"<nowiki>[[pas un lien]] ''ni''</nowiki> <math>x^2</math>fin", "[[pas un lien]] ''ni'' fin"},
    {"{{ouvert [[ouvert aussi ]] }", "{{ouvert ouvert aussi }"},
    {"}} ]] |} {{{a|b}}} {{}} [[]] [[|]]", "}} ]] |}"},
    {"<gallery>\nA.jpg|x\n</gallery>Texte<syntaxhighlight lang=c>int x;</syntaxhighlight>.", "Texte."},
    {"<!-- jamais fermé\ntexte", ""},
};

static void test_cases(void **state) {
    struct wikitext *w = wikitext_new();
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = {0};
        assert_true(wikitext_text(w, slice_str(cases[i].source), &out));
        if (!slice_eq_str(slice_trim(buf_view(&out)), cases[i].text)) print_error("case %zu: got [%s]\n", i, buf_cstr(&out));
        assert_true(slice_eq_str(slice_trim(buf_view(&out)), cases[i].text));
        buf_free(&out);
    }
    wikitext_free(w);
}

/* A million brackets of each kind end in bounded time and memory. */
static void test_depth(void **state) {
    static const char *const pieces[] = {"{{",    "[[",   "{{{", "}}",   "]]", "\n{|", "\n|}", "[http://",
                                         "<ref>", "<!--", "<b ", "{{a|", "''", "&#",   "{{[["};
    struct wikitext *w = wikitext_new();
    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct buf in = {0}, out = {0};
        while (in.len < 500000) buf_str(&in, pieces[i]);
        (void)!wikitext_text(w, buf_view(&in), &out);
        buf_free(&in);
        buf_free(&out);
    }
    wikitext_free(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_depth)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
