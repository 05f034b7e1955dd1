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
    {"https://creativecommons.org/licenses/by/2.0/be/deed.fr", "CC-BY-2.0"},
    {"https://creativecommons.org/licenses/by-sa/2.5/ch/deed.fr", "CC-BY-SA-2.5"},
    {"https://creativecommons.org/licenses/by/4.0/deed.fr_CA", "CC-BY-4.0"},
    {"www.creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"},
    {"https://creativecommons.org/licenses/publicdomain/", "CC-PDDC"},
    {"https://creativecommons.org/licenses/sa/1.0/", "CC-SA-1.0"},
    {"https://creativecommons.org/licenses/by-nc-nd-sa/4.0/", ""},
    {"https://i.creativecommons.org/l/by-sa/4.0/88x31.png", ""},
    {"https://rightsstatements.org/vocab/InC/1.0/", ""},
    {"https://www.gnu.org/licenses/lgpl-3.0.html", "LGPL-3.0-only"},
    {"https://www.gnu.org/licenses/agpl-3.0.fr.html", "AGPL-3.0-only"},
    {"https://www.gnu.org/licenses/fdl-howto.html", ""},
    {"https://cecill.info/licences/Licence_CeCILL_V2.1-fr.html", "CECILL-2.1"},
    {"https://spdx.org/licenses/CC-BY-SA-4.0.json", "CC-BY-SA-4.0"},
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
    {"CC\u2011BY\u2011SA 4.0", "CC-BY-SA-4.0"},
    {"CC\u00a0BY\u2013SA\u202f4.0", "CC-BY-SA-4.0"},
    {"CC\u200bBY\u200b-SA 4.0", "CC-BY-SA-4.0"},
    {"Cre\u00adative Commons BY 4.0", "CC-BY-4.0"},
    {"CC-BY 3.0 FR", "CC-BY-3.0"},
    {"CC BY 3.0 IGO", "CC-BY-3.0-IGO"},
    {"CC BY-NC-SA 2.0 FR", "CC-BY-NC-SA-2.0-FR"},
    {"CC-BY-4", "CC-BY-4.0"},
    {"CCBYNCSA v3.0", "CC-BY-NC-SA-3.0"},
    {"CC BY-ND-NC 2.0", "CC-BY-NC-ND-2.0"},
    {"CC BY-NC-SA-ND 4.0", ""},
    {"CC BY-SA", ""},
    {"CC 2024, by X", ""},
    {"licence Creative Commons Attribution \u2013 Partage \u00e0 l\u2019identique 3.0 non transpos\u00e9", "CC-BY-SA-3.0"},
    {"Creative Commons Attribution - Pas d\u2019Utilisation Commerciale - Pas de Modification 4.0 International",
     "CC-BY-NC-ND-4.0"},
    {"Creative Commons Attribution - Pas d'\u0152uvre d\u00e9riv\u00e9e 2.0", "CC-BY-ND-2.0"},
    {"Creative Commons Paternit\u00e9-Partage des Conditions Initiales \u00e0 l'Identique 2.0 France", "CC-BY-SA-2.0"},
    {"Creative Commons Attribution-No Derivative Works 3.0 Unported", "CC-BY-ND-3.0"},
    {"Attribution-ShareAlike 4.0 International", "CC-BY-SA-4.0"},
    {"attribution 4.0 du lot", ""},
    {"CC-0", "CC0-1.0"},
    {"Creative Commons Zero 1.0 Universel", "CC0-1.0"},
    {"Public Domain Mark 1.0", "LicenseRef-CC-PDM-1.0"},
    {"domaine public", ""},
    {"Licence Ouverte / Open Licence 2.0 (Etalab)", "etalab-2.0"},
    {"\u00ab Licence Ouverte \u00bb (version 2.0)", "etalab-2.0"},
    {"Licence ouverte de la mission Etalab, version 2", "etalab-2.0"},
    {"Licence ouverte Etalab v2", "etalab-2.0"},
    {"licence Etalab v1", "LicenseRef-etalab-1.0"},
    {"Licence Ouverte / Open Licence", ""},
    {"Licence ouverte, 2 articles", ""},
    {"licence ouverte ODbL 1.0", "ODbL-1.0"},
    {"licence de documentation libre GNU, version 1.2 ou ult\u00e9rieure", "GFDL-1.2-or-later"},
    {"GNU Free Documentation License, Version 1.3 or any later version", "GFDL-1.3-or-later"},
    {"GNU FDL 1.2", "GFDL-1.2-only"},
    {"CC BY-SA 3.0 et GFDL 1.3", ""},
    {"voir creativecommons.org/licenses/by-sa/4.0/", "CC-BY-SA-4.0"},
    {"\u00a9 2024. Tous droits r\u00e9serv\u00e9s. Textes sous CC BY 4.0", "CC-BY-4.0"},
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
