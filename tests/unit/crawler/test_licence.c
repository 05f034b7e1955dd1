#include "crawler/licence.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
    const char *url, *spdx;
} urls[] = {
    {"https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"},
    {"HTTP://www.CreativeCommons.org/licenses/by-sa/4.0", "CC-BY-SA-4.0"},
    {"//creativecommons.org/licenses/by-sa/4.0/legalcode.fr", "CC-BY-SA-4.0"},
    {"https://creativecommons.org/licenses/by-sa/4.0/deed.fr?ref=a#b", "CC-BY-SA-4.0"},
    {"http://creativecommons.org/licenses/by-sa/3.0/fr/", "CC-BY-SA-3.0"},
    {"http://creativecommons.org/licenses/by-sa/3.0/de/deed.de", "CC-BY-SA-3.0-DE"},
    {"http://creativecommons.org/licenses/by-nc-sa/2.0/fr/", "CC-BY-NC-SA-2.0-FR"},
    {"https://creativecommons.org/licenses/by/3.0/igo/", "CC-BY-3.0-IGO"},
    {"http://creativecommons.org/licenses/by-nd-nc/1.0/", "CC-BY-NC-ND-1.0"},
    {"https://creativecommons.org/publicdomain/zero/1.0/deed.fr", "CC0-1.0"},
    {"https://creativecommons.org/publicdomain/mark/1.0/", "LicenseRef-CC-PDM-1.0"},
    {"https://creativecommons.org/licenses/", ""},
    {"https://creativecommons.org/licenses/by/", ""},
    {"https://creativecommons.org/licenses/?lang=fr", ""},
    {"https://creativecommons.org/licenses/unknown/1.0/", ""},
    {"https://creativecommons.org/licenses/by-by-by-by-by-by/4.0/", ""},
    {"https://creativecommons.org/choose/", ""},
    {"https://example.com/licenses/by/4.0/", ""},
    {"https://creativecommons.org.example.com/licenses/by/4.0/", ""},
    {"/licenses/by/4.0/", ""},
    {"", ""},
    {"https://www.etalab.gouv.fr/licence-ouverte-open-licence/", "etalab-2.0"},
    {"http://www.etalab.gouv.fr/licence-ouverte-open-licence", "etalab-2.0"},
    {"https://github.com/etalab/licence-ouverte/blob/master/LO.md", "etalab-2.0"},
    {"https://www.etalab.gouv.fr/wp-content/uploads/2017/04/ETALAB-Licence-Ouverte-v2.0.pdf", "etalab-2.0"},
    {"https://www.etalab.gouv.fr/wp-content/uploads/2014/05/Licence_Ouverte.pdf", "LicenseRef-etalab-1.0"},
    {"https://github.com/etalab/autre", ""},
    {"https://spdx.org/licenses/etalab-2.0.html", "etalab-2.0"},
    {"https://opensource.org/licenses/MIT", "MIT"},
    {"https://www.gnu.org/licenses/old-licenses/fdl-1.2.html", "GFDL-1.2-only"},
    {"https://www.gnu.org/copyleft/fdl.html", "GFDL-1.3-or-later"},
    {"https://opendatacommons.org/licenses/odbl/1-0/", "ODbL-1.0"},
    {"https://artlibre.org/licence/lal/", "LAL-1.3"},
};

static const struct {
    const char *text, *spdx;
} texts[] = {
    {"CC-BY-SA-4.0", "CC-BY-SA-4.0"},
    {"cc by-sa 4.0", "CC-BY-SA-4.0"},
    {"CC BY-NC-ND 4.0 International", "CC-BY-NC-ND-4.0"},
    {"Creative Commons Attribution 4.0 International License", "CC-BY-4.0"},
    {"Licence Creative Commons Attribution - Partage dans les m\xc3\xaames conditions 4.0 International (CC BY-SA 4.0)",
     "CC-BY-SA-4.0"},
    {"Creative Commons Paternit\xc3\xa9 - Pas d'utilisation commerciale - Pas de modification 3.0", "CC-BY-NC-ND-3.0"},
    {"Creative Commons Attribution-NonCommercial-ShareAlike 2.5", "CC-BY-NC-SA-2.5"},
    {"Creative Commons", ""},
    {"CC BY", ""},
    {"CC : 4.0", ""},
    {"Tous droits r\xc3\xa9serv\xc3\xa9s", ""},
    {"open access", ""},
    {"sous licence etalab-2.0", "etalab-2.0"},
    {"Licence Ouverte / Open Licence version 2.0", "etalab-2.0"},
    {"Licence Ouverte 1.0", "LicenseRef-etalab-1.0"},
    {"LOV2", "etalab-2.0"},
    {"voir https://creativecommons.org/licenses/by/4.0/.", "CC-BY-4.0"},
    {"texte CC BY-SA 3.0 et images CC BY-NC 2.0", ""},
    {"CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/)", "CC-BY-4.0"},
    {"CC0", "CC0-1.0"},
    {"\xff\xfe", ""},
    {"", ""},
};

static void test_urls(void **state) {
    (void)state;
    char spdx[LICENCE_MAX];
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        assert_int_equal(licence_from_url(slice_str(urls[i].url), spdx), urls[i].spdx[0] != 0);
        assert_string_equal(spdx, urls[i].spdx);
    }
}

static void test_texts(void **state) {
    (void)state;
    char spdx[LICENCE_MAX];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        bool one = licence_from_text(slice_str(texts[i].text), spdx);
        if (one != (texts[i].spdx[0] != 0) || strcmp(spdx, texts[i].spdx) != 0) fail_msg("%s: %s", texts[i].text, spdx);
    }
}

static void test_terms(void **state) {
    (void)state;
    assert_true(licence_is_open("etalab-2.0"));
    assert_true(licence_is_open("CC-BY-SA-3.0"));
    assert_false(licence_is_open("CC-BY-NC-4.0"));
    assert_false(licence_is_open("CC-BY-ND-4.0"));
    assert_false(licence_is_open(""));
    assert_false(licence_is_open("Proprietary"));
    assert_int_equal(licence_terms_of("CC0-1.0"), LICENCE_FREE);
    assert_int_equal(licence_terms_of("GPL-2.0-or-later OR CC-BY-SA-3.0"), LICENCE_SHARE);
    assert_int_equal(licence_terms_of("CC-BY-NC-4.0 OR MIT"), LICENCE_CREDIT);
    assert_int_equal(licence_terms_of("CC-BY-NC-4.0 AND MIT"), LICENCE_RESTRICTED);
    assert_int_equal(licence_terms_of("Proprietary AND MIT"), LICENCE_UNKNOWN);
    assert_int_equal(licence_terms_of("GPL-3.0-only WITH Exception"), LICENCE_SHARE);
    assert_int_equal(licence_terms_of("LicenseRef-convention"), LICENCE_CREDIT);
    assert_int_equal(licence_terms_of(" OR "), LICENCE_UNKNOWN);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_urls), cmocka_unit_test(test_texts), cmocka_unit_test(test_terms)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
