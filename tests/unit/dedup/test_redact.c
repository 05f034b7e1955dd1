/*
 * What is masked and what stays.  Mainland telephone numbers are from the ranges that the Arcep keeps for fiction; accounts and cards
 * are the published examples of their standards and schemes.
 */
#include "tests/unit/test.h"

#include "dedup/redact.h"

static const struct {
    const char *text, *out; /* NULL: unchanged */
} rows[] = {
    /* mailboxes */
    {"Écrire à jean.dupont+hub@mairie-ici.example.fr.", "Écrire à [EMAIL]."},
    {"<mailto:x_y@exemple.org>, J.O'Neil@exemple.ie", "<mailto:[EMAIL]>, [EMAIL]"},
    {"l'adresse d'alice@exemple.fr", "l'adresse d'[EMAIL]"},
    {"hélène@exemple.fr", "[EMAIL]"},
    {"https://exemple.fr/?courriel=a@exemple.fr&x=1", "https://exemple.fr/?courriel=[EMAIL]&x=1"},
    {"@compte, @compte@instance.social, user@localhost, image@2x.png", NULL},
    {"https://u:secret@exemple.fr/ 5 @ 3", NULL},
    {"o'neil@exemple.ie, qu'alice@exemple.fr, 'bob@exemple.fr'", "[EMAIL], qu'[EMAIL], '[EMAIL]'"},
    {"a@exemple.fr,b@exemple.fr;c@exemple.fr/d@exemple.fr", "[EMAIL],[EMAIL];[EMAIL]/[EMAIL]"},
    {"jean@exemple.fr-01 99 00 12 34", "[EMAIL]-[PHONE]"},
    {"nom (at) exemple.fr, nom[arobase]exemple[point]fr, nom(a)exemple.fr, nom {@} exemple.fr",
     "[EMAIL], [EMAIL], [EMAIL], [EMAIL]"},
    {"voir (a) exemple.fr, t[a].fr, benzo(a)pyrène, art (at) demain, (at) exemple.fr", NULL},
    /* telephones */
    {"Tél. 01 99 00 12 34, 02.61.91.12.34, 03-53-01-12-34", "Tél. [PHONE], [PHONE], [PHONE]"},
    {"0465711234 / 06\u00A039\u00A098\u00A012\u00A034", "[PHONE] / [PHONE]"},
    {"01 99 00 12 34 05 36 49 12 34", "[PHONE] [PHONE]"},
    {"01-99-00-12-34 - 06-39-98-12-34 - 8 h", "[PHONE] - [PHONE] - 8 h"},
    {"+33 1 99 00 12 34, +33(0)199001234, 00 33 6 39 98 12 34", "[PHONE], [PHONE], [PHONE]"},
    {"(+33) 6 39 98 12 34", "[PHONE]"},
    {"0262 12 34 56, +262 692 12 34 56, +687 12 34 56", "[PHONE], [PHONE], [PHONE]"},
    {"+32 2 123 45 67 ; +1 514 555 0199", "[PHONE] ; [PHONE]"},
    {"Tél. 514-555-0199 ou (418) 555-0199", "Tél. [PHONE] ou [PHONE]"},
    {"Téléphone : 1 800 555-0199", "Téléphone : [PHONE]"},
    {"GSM 0475/12.34.56, tél. 02 123 45 67", "GSM [PHONE], tél. [PHONE]"},
    {"+1 (514) 555-0199, +44 (20) 7946 0123, +33 (1) 99 00 12 34", "[PHONE], [PHONE], [PHONE]"},
    {"(33) 1 99 00 12 34, +(33) 1 99 00 12 34, +33-(0)1-99-00-12-34", "[PHONE], [PHONE], [PHONE]"},
    {"01\u201199\u201100\u201112\u201134, 01·99·00·12·34, 01\u202F99\u202F00\u202F12\u202F34", "[PHONE], [PHONE], [PHONE]"},
    {"01 99 00 12 34 12/03/2024, fax 01 99 00 12 34 10 rue X", "[PHONE] 12/03/2024, fax [PHONE] 10 rue X"},
    {"tél. 01 99 00 1234, Natel 079 123 45 67, +49 30 123456", "tél. [PHONE], Natel [PHONE], [PHONE]"},
    {"téléphone 0821 08 60 28, + 10 000 000 000, PPN 0123456789", NULL},
    {"05 12 23 34 45 46, +33 %, +12 345 678", NULL},
    {"514-555-0199, (123) 456-7890, 1 514 555 1234 habitants, 02 123 45 67", NULL},
    {"01 02 03 04 05 06 07 08 09 10", NULL},
    {"le 01/02/2024, 36 39, 15, 112, 3939, 08 00 12 34 56", NULL},
    {"01 02 03 04 05 06 07, 10 11 02 03 04 05 06", NULL},
    {"ISBN 0198526636, dossier 0199001234, REF-0199001234", NULL},
    {"https://exemple.fr/0199001234 a0199001234 0199001234567", NULL},
    /* NIR: 97 less the remainder; Corsica */
    {"2 55 08 14 168 025 38", "[NIR]"},
    {"n° 255081416802538.", "n° [NIR]."},
    {"2 55 08 14 168 025 clé 38", "[NIR]"},
    {"NIR=255081416802538, 2 55 08 14 168 025 (clef 38)", "NIR=[NIR], [NIR])"},
    {"1 84 11 2A 004 123 07, 184112B00412334", "[NIR], [NIR]"},
    {"2 55 08 14 168 025 39", NULL},
    {"255081416802539", NULL},
    /* accounts */
    {"IBAN : FR14 2004 1010 0505 0001 3M02 606.", "IBAN : [IBAN]."},
    {"FR1420041010050500013M02606", "[IBAN]"},
    {"BE68 5390 0754 7034", "[IBAN]"},
    {"IBANFR1420041010050500013M02606, Fr14 2004 1010 0505 0001 3M02 606, fr1420041010050500013m02606",
     "IBAN[IBAN], [IBAN], [IBAN]"},
    {"SN74 0080 1001 0152 0000 4850 0341, MA64011519000001205000534921", "[IBAN], [IBAN]"},
    {"SN75 0080 1001 0152 0000 4850 0341, MA64 habitants", NULL},
    {"FR15 2004 1010 0505 0001 3M02 606", NULL},
    {"FR 76 123 456 789", NULL},
    /* cards */
    {"CB 4111 1111 1111 1111, 5555555555554444, 3782 822463 10005", "CB [CARD], [CARD], [CARD]"},
    {"4111 1111 1111 1112", NULL},
    {"EAN 4006381333931", NULL},
    /* machines */
    {"depuis 8.8.8.8:53 et 91.198.174.192.", "depuis [IP]:53 et [IP]."},
    {"[2001:4860:4860::8888]", "[[IP]]"},
    {"192.168.1.1 10.0.0.1 127.0.0.1 ::1 fe80::1", NULL},
    {"version 91.198.174.192, article 1.2.3.4, 1.3.6.1.4.1, 12:34:56, 300.1.1.1", NULL},
    {"4.1.2.2. Machines mobiles", NULL},
    {"ip=91.198.174.192", "ip=[IP]"},
    {"code 84.71.30.40, nomenclature 39.26.90.97, Chrome 91.0.44.124", NULL},
    /* firms: public */
    {"SIRET 732 829 320 00074, RCS Paris 732 829 320, 73282932000074", NULL},
    {"ORCID 0000-0002-1825-0097, DOI 10.1000/182, 1 234 567,89 €", NULL},
};

static void test_rows(void **state) {
    (void)state;
    struct redactor *r = redact_new();
    struct redact_result res;
    struct buf out = {0};
    for (size_t i = 0; i < ROWS(rows); i++) {
        buf_clear(&out);
        assert_int_equal(redact_text(r, slice_str(rows[i].text), &out, &res), ST_OK);
        ROW_CHECK(i, strcmp(buf_cstr(&out), rows[i].out ? rows[i].out : rows[i].text) == 0, "%s", buf_cstr(&out));
    }
    buf_free(&out);
    redact_free(r);
}

static void test_flags(void **state) {
    (void)state;
    struct redactor *r = redact_new();
    struct redact_result res;
    const char *text = "SIRET 732 829 320 00074, SIREN 732829320, x@exemple.fr";
    assert_int_equal(redact_text(r, slice_str(text), NULL, &res), ST_OK);
    assert_int_equal(res.n_flagged, 2);
    assert_int_equal(res.flagged[0].kind, REDACT_SIRET);
    assert_int_equal(res.flagged[0].start, 6);
    assert_int_equal(res.flagged[0].end, 23);
    assert_int_equal(res.flagged[1].kind, REDACT_SIREN);
    assert_int_equal(res.n_masked, 1);
    assert_string_equal(redact_name(res.masked[0].kind), "email");
    redact_free(r);
}

/* A cap on the output is an answer, not a cut text. */
static void test_cap(void **state) {
    (void)state;
    struct redactor *r = redact_new();
    struct redact_result res;
    struct buf out;
    buf_init(&out, 8);
    assert_int_equal(redact_text(r, slice_str("bonjour à toutes"), &out, &res), ST_RETRY);
    assert_int_equal(res.n_masked, 0);
    buf_free(&out);
    redact_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_flags), cmocka_unit_test(test_cap)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
