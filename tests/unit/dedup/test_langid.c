#include "dedup/langid.h"
#include "dedup/langid_cld2.h"
#include "dedup/langid_clean.h"
#include "dedup/langid_codes.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct language_case {
    const char *text, *language;
};

static const struct language_case language_cases[] = {
    {"", "und"},
    {"123 456 -- 7/8", "und"},
    {"La mairie est ouverte du lundi au vendredi de neuf heures à midi.", "fra"},
    {"LA MAIRIE EST OUVERTE DU LUNDI AU VENDREDI, SAUF LES JOURS FERIES.", "fra"},
    {"La seance est levee a dix heures et les deputes se sont separes.", "fra"},
    {"maison bleue", "fra"},
    {"Le roy manda par toute la contrée que nul n'osast prendre les armes, et moult en furent courroucez.", "fra"},
    {"L\xC2\x92\xC3\xA9t\xC3\xA9 dernier, nous avons vu la mer.", "fra"},
    {"L\xC3\xA2\xE2\x82\xAC\xE2\x84\xA2\xC3\x83\xC2\xA9t\xC3\x83\xC2\xA9 dernier, nous avons march\xC3\x83\xC2\xA9 longtemps.",
     "fra"},
    {"The council met on Tuesday to discuss the new school and its cost.", "eng"},
    {"El ayuntamiento abre todos los días desde las nueve de la mañana hasta las dos.", "spa"},
    {"L'ajuntament és obert cada dia des de les nou del matí fins a les dues de la tarda.", "cat"},
    {"Il comune è aperto tutti i giorni dalle nove della mattina fino alle due.", "ita"},
    {"Das Rathaus ist von Montag bis Freitag von neun bis zwölf Uhr geöffnet.", "deu"},
    {"Мэрия открыта каждый день с девяти утра до двух часов дня.", "rus"},
    {"Marie Durand, Paul Lefèvre, Jeanne Moreau, Luc Garnier, Anne Petit", "und"},
    {"Nosse vî mêsse n'est nin v'nou avou nos-ôtes, mins i vairè dimwin avou sès èfants.", "wln"},
};

static void each_text_has_its_language(void **state) {
    (void)state;
    struct langid *l = langid_new();
    assert_non_null(l);
    for (size_t i = 0; i < sizeof language_cases / sizeof language_cases[0]; i++) {
        const struct language_case *c = &language_cases[i];
        struct langid_result res;
        langid_detect(l, slice_str(c->text), NULL, &res);
        if (strcmp(res.language, c->language) != 0) print_message("case: %s\n", c->text);
        assert_string_equal(res.language, c->language);
        assert_true(res.score >= 0 && res.score <= 1 && res.french_share >= 0 && res.french_share <= 1);
    }
    langid_free(l);
}

static void share_counts_bytes(void **state) {
    (void)state;
    static const char half[] =
        "Le conseil municipal se réunit chaque mois pour voter les dépenses de la commune et de ses écoles.\n"
        "The town council meets every month to vote on what the town and its schools are going to spend.\n";
    struct langid *l = langid_new();
    struct langid_result res;
    langid_detect(l, slice_str(half), NULL, &res);
    assert_true(res.french_share > 0.4 && res.french_share < 0.6);
    assert_int_equal(res.n, 2);
    langid_free(l);
}

static void a_declared_language_never_beats_the_text(void **state) {
    (void)state;
    static const char *const lies[] = {"en", "oc", "zh-Hant", "x\x01y", "a-tag-longer-than-any"};
    struct langid *l = langid_new();
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct langid_hints hints = {.declared_language = slice_str(lies[i])};
        struct langid_result res;
        langid_detect(l, slice_str(language_cases[2].text), &hints, &res);
        assert_string_equal(res.language, "fra");
    }
    langid_free(l);
}

struct clean_case {
    const char *in, *out;
};
static const struct clean_case clean_cases[] = {
    {"plain\ttext\n", "plain\ttext\n"},
    {"a\x01"
     "b\x7F"
     "c",
     "a b c"},
    {"\xFF\xFE bad", "   bad"},
    {"l\xC2\x92"
     "eau",
     "l’eau"},
    {"d\xC3\x83\xC2\xA9j\xC3\x83\xC2\xA0", "déjà"},
    {"e\xCC\x81t\xC3\xA9", "été"},
    {"con\xC2\xAD"
     "seil",
     "conseil"},
    {"\xC5\xBF"
     "ire \xEF\xAC\x81n",
     "sire fin"},
    {"S\xC3\x83O e N\xC3\x83O", "SÃO e NÃO"},
};

static void text_is_made_fit(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof clean_cases / sizeof clean_cases[0]; i++) {
        struct buf out = {0};
        langid_clean(&out, slice_str(clean_cases[i].in));
        assert_string_equal(buf_cstr(&out), clean_cases[i].out);
        buf_free(&out);
    }
}

static void full_tables_are_linked(void **state) {
    (void)state;
    assert_string_equal(cld2_tables(), "20140204");
}

static void codes_are_iso(void **state) {
    (void)state;
    assert_string_equal(langid_iso("fr"), "fra");
    assert_string_equal(langid_iso("zh-Hant"), "zho");
    assert_string_equal(langid_iso("nonesuch"), "und");
    assert_string_equal(langid_script(slice_str("été")), "Latn");
    assert_string_equal(langid_script(slice_str("лето, l'été")), "Latn");
    assert_string_equal(langid_script(slice_str("12 !")), "Zyyy");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_text_has_its_language),
        cmocka_unit_test(share_counts_bytes),
        cmocka_unit_test(a_declared_language_never_beats_the_text),
        cmocka_unit_test(text_is_made_fit),
        cmocka_unit_test(full_tables_are_linked),
        cmocka_unit_test(codes_are_iso),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
