/* Which French, and by what. */
#include "tests/unit/test.h"

#include "dedup/variety.h"

static const struct {
    const char *text, *url, *declared, *answer;
} rows[] = {
    {"Bonjour à tous.", "https://www.exemple.ca/a", "", "{\"tag\":\"fr-CA\",\"by\":[\"tld\"]}"},
    {"Bonjour à tous.", "https://exemple.ca", "fr-CA", "{\"tag\":\"fr-CA\",\"by\":[\"declared\",\"tld\"]}"},
    {"Bonjour à tous.", "https://exemple.ca/", "fr-FR", "{\"tag\":\"fr-CA\",\"by\":[\"tld\"]}"},
    {"Bonjour à tous.", "https://exemple.fr/", "fr_BE", "{\"tag\":\"fr-BE\",\"by\":[\"declared\"]}"},
    {"Bonjour à tous.", "https://exemple.org/", "fr-Latn-CH", "{\"tag\":\"fr-CH\",\"by\":[\"declared\"]}"},
    {"Bonjour à tous.", "https://exemple.org/", "fr-FR", "{\"tag\":\"fr-FR\",\"by\":[\"declared\"]}"},
    {"Bonjour à tous.", "https://exemple.org/page.ca", "fr", "{\"tag\":\"\",\"by\":[]}"},
    {"Bonjour à tous.", "https://exemple.org/", "en-CA", "{\"tag\":\"\",\"by\":[]}"},
    {"Bonjour à tous.", "https://portail.exemple.quebec:8443/x", "", "{\"tag\":\"fr-CA\",\"by\":[\"tld\"]}"},
    {"Bonjour à tous.", "urn:isbn:1.ca", "", "{\"tag\":\"\",\"by\":[]}"},
    {"Bonjour à tous.", "https://exemple.re/", "fr", "{\"tag\":\"fr-RE\",\"by\":[\"tld\"]}"},
    {"Bonjour à tous.", "https://gouv.exemple.sn/", "", "{\"tag\":\"fr-SN\",\"by\":[\"tld\"]}"},
    {"Le bourgmestre et les échevins ont reçu l'ASBL.", "", "", "{\"tag\":\"fr-BE\",\"by\":[\"vocabulary\"]}"},
    {"Le Bourgmestre et son échevine.", "https://a.be/", "", "{\"tag\":\"fr-BE\",\"by\":[\"tld\",\"vocabulary\"]}"},
    {"Les votations de huitante communes romandes.", "", "fr-FR", "{\"tag\":\"fr-CH\",\"by\":[\"vocabulary\"]}"},
    {"Au cégep, on peut magasiner un cellulaire.", "", "", "{\"tag\":\"fr-CA\",\"by\":[\"vocabulary\"]}"},
    {"Le prix est de 500 FCFA dans la zone UEMOA.", "", "", "{\"tag\":\"fr-002\",\"by\":[\"vocabulary\"]}"},
    {"Nonante, septante : Belges et Suisses comptent ainsi.", "", "", "{\"tag\":\"\",\"by\":[]}"},
    {"Québec, Montréal et Genève sont des villes.", "", "", "{\"tag\":\"\",\"by\":[]}"},
    {"", "", "", "{\"tag\":\"\",\"by\":[]}"},
    {"\xFF\xC3 cégep \x80", "https://", "fr-", "{\"tag\":\"\",\"by\":[]}"},
};

static void each_row(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out = {0};
        struct json_out j;
        struct variety v;
        variety_of(slice_str(rows[i].text), slice_str(rows[i].url), slice_str(rows[i].declared), &v);
        json_out_init(&j, &out);
        variety_json(&j, &v);
        assert_string_equal(buf_cstr(&out), rows[i].answer);
        buf_free(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_row)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
