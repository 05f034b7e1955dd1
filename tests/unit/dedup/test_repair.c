/* What is put right, what stays, and what is counted. */
#include "tests/unit/test.h"

#include "base/limits.h"
#include "dedup/repair.h"

#define NBSP "\xC2\xA0"

static const struct {
    const char *text, *fixed;
    bool ocr;
    uint32_t mojibake, controls, composed, hyphens, long_s;
} rows[] = {
    /* nothing wrong */
    {"L'été, à Âgé-les-Eaux, « où » l'âme naïve dîne…", NULL, false, 0, 0, 0, 0, 0},
    {"", NULL, false, 0, 0, 0, 0, 0},
    {"« LE CR » et « À CÔTÉ DE L'ÂTRE »", NULL, false, 0, 0, 0, 0, 0},
    {"SÃO PAULO, São João, Åland, Ärzte „so“", NULL, false, 0, 0, 0, 0, 0},
    {"un âge, une pâte…\nÂne « bâté » à l'Île d'Yeu", NULL, false, 0, 0, 0, 0, 0},
    /* UTF-8 read as windows-1252 or Latin-1 */
    {"DÃ©jÃ\xC2\xA0 l'Ã©tÃ© Ã\xC2\xA0 NoÃ«l", "Déjà l'été à Noël", false, 6, 0, 0, 0, 0},
    {"lâ€™Ã‰tat dÃ©pense 3"
     "Â" NBSP "â‚¬ Â« net Â»",
     "l’État dépense 3" NBSP "€ « net »", false, 7, 0, 0, 0, 0},
    {"un cÅ“ur", "un cœur", false, 1, 0, 0, 0, 0},
    {"l\xC3\x83\xC2\xA9t\xC3\x83\xC2\xA9", "lété", false, 2, 0, 0, 0, 0},
    {"Ã©tÃ© dÃ©ÃsuÃ", "été déÃsuÃ", false, 3, 0, 0, 0, 0},
    {"IrÃ©nÃ©e va Ã la mer", "Irénée va à la mer", false, 3, 0, 0, 0, 0},
    /* twice */
    {"cafÃƒÂ© serrÃƒÂ©", "café serré", false, 6, 0, 0, 0, 0},
    /* controls */
    {"a\x01"
     "b\x7F"
     "c\xC2\xAD"
     "d\xE2\x80\x8B"
     "e\xEF\xBB\xBF",
     "abcde", false, 0, 5, 0, 0, 0},
    {"l\xC2\x92"
     "ami \xC2\x9C"
     "uvre",
     "l’ami œuvre", false, 0, 2, 0, 0, 0},
    {"une\r\ndeux\rtrois\xE2\x80\xA8quatre\x0C"
     "cinq",
     "une\ndeux\ntrois\nquatre\ncinq", false, 0, 4, 0, 0, 0},
    {"un\xE2\x80\xAF!", NULL, false, 0, 0, 0, 0, 0},
    {"coup\xC3", "coup\xEF\xBF\xBD", false, 0, 1, 0, 0, 0},
    /* composition */
    {"l'e\xCC\x81te\xCC\x81", "l'été", false, 0, 0, 1, 0, 0},
    /* print */
    {"Voici un exem-\nple de texte", "Voici un exemple\nde texte", true, 0, 0, 0, 1, 0},
    {"Voici un exem-\nple de texte", NULL, false, 0, 0, 0, 0, 0},
    {"la fin du mo-\nment.\nAutre", "la fin du moment.\nAutre", true, 0, 0, 0, 1, 0},
    {"dit-\nil au-\ndessus de peut-\nêtre, Saint-\nÉtienne, 1990-\nannée", NULL, true, 0, 0, 0, 0, 0},
    {"il de-\nmande au bou-\nlanger qui ré-\npond en sou-\nriant au pas-\nsant",
     "il demande\nau boulanger\nqui répond\nen souriant\nau passant", false, 0, 0, 0, 5, 0},
    {"la \xC5\xBF"
     "agesse",
     "la sagesse", true, 0, 0, 0, 0, 1},
    {"la \xC5\xBF"
     "age\xC5\xBF\xC5\xBF"
     "e",
     "la sagesse", false, 0, 0, 0, 0, 3},
    {"il eft dit que ce foit auffi la raifon de Monfieur, dont l'efprit, fans cela",
     "il est dit que ce soit aussi la raison de Monsieur, dont l'efprit, sans cela", false, 0, 0, 0, 0, 7},
    {"les fans sont fous ; il fera beau au fur et à mesure", NULL, false, 0, 0, 0, 0, 0},
};

static void each_row(void **state) {
    (void)state;
    struct repairer *r = repair_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct repair_counts c;
        struct slice out, want = slice_str(rows[i].fixed ? rows[i].fixed : rows[i].text);
        assert_int_equal(repair_text(r, slice_str(rows[i].text), rows[i].ocr, &out, &c), ST_OK);
        ROW_CHECK(i, slice_eq(out, want), "%.*s", SLICE_ARG(out));
        ROW_CHECK(i,
                  c.mojibake == rows[i].mojibake && c.controls == rows[i].controls && c.composed == rows[i].composed &&
                      c.hyphens == rows[i].hyphens && c.long_s == rows[i].long_s,
                  "mojibake %u controls %u composed %u hyphens %u long s %u", c.mojibake, c.controls, c.composed, c.hyphens,
                  c.long_s);
    }
    repair_free(r);
}

static void nul_and_size(void **state) {
    (void)state;
    struct repairer *r = repair_new();
    struct repair_counts c;
    struct slice out;
    assert_int_equal(repair_text(r, slice_of("a\0b", 3), false, &out, &c), ST_OK);
    assert_true(slice_eq_str(out, "ab"));
    struct buf big = {.max = LIMIT_TEXT};
    while (big.len + 8 < LIMIT_TEXT / 4) buf_str(&big, "\xC3\x83\xC2\xA9-\n\xC2\x92");
    assert_int_equal(repair_text(r, buf_view(&big), true, &out, &c), ST_OK);
    assert_true(out.len < big.len);
    buf_free(&big);
    repair_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_row), cmocka_unit_test(nul_and_size)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
