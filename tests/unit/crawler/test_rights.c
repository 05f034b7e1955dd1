#include "crawler/rights.h"
#include "crawler/rights_parts.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define T1 "[{\"location\":\"/\",\"tdm-reservation\":1}]"
#define META1 "<meta name=\"tdm-reservation\" content=\"1\">"
#define META0 "<meta content=0 name=TDM-Reservation>"
#define STAR "User-agent: *\n"

/* Everything beside the open licence that each page here has; NULL: not there. */
static const struct {
    const char *what, *target, *robots, *tdmrep, *headers, *html;
    enum rights_verdict want;
    const char *protocol; /* of the signal that decided, "" for none */
} cases[] = {
    {"nothing", "/a", NULL, NULL, NULL, NULL, RIGHTS_ALLOW, ""},
    /* TDMRep */
    {"file", "/a", NULL, T1, NULL, NULL, RIGHTS_DENY, "tdmrep"},
    {"first rule wins", "/a/b", NULL, "[{\"location\":\"/a\",\"tdm-reservation\":0},{\"location\":\"/a/b\",\"tdm-reservation\":1}]",
     NULL, NULL, RIGHTS_ALLOW, "tdmrep"},
    {"star and dollar", "/a/b.html", NULL, "[{\"location\":\"/*.html$\",\"tdm-reservation\":1}]", NULL, NULL, RIGHTS_DENY,
     "tdmrep"},
    {"dollar ends", "/a/b.html?c", NULL, "[{\"location\":\"/*.html$\",\"tdm-reservation\":1}]", NULL, NULL, RIGHTS_ALLOW, ""},
    {"case", "/a", NULL, "[{\"location\":\"/A\",\"tdm-reservation\":1}]", NULL, NULL, RIGHTS_ALLOW, ""},
    {"value 2", "/a", NULL, "[{\"location\":\"/\",\"tdm-reservation\":2}]", NULL, NULL, RIGHTS_ALLOW, ""},
    {"a quoted 1", "/a", NULL, "[{\"location\":\"/\",\"tdm-reservation\":\"1\"}]", NULL, NULL, RIGHTS_UNKNOWN, "tdmrep"},
    {"breaks off", "/a", NULL, "[{\"location\":\"/\",\"tdm-re", NULL, NULL, RIGHTS_UNKNOWN, "tdmrep"},
    {"an object", "/a", NULL, "{\"location\":\"/\",\"tdm-reservation\":1}", NULL, NULL, RIGHTS_UNKNOWN, "tdmrep"},
    {"1.0 is 1", "/a", NULL, "[{\"location\":\"/\",\"tdm-reservation\":1.0}]", NULL, NULL, RIGHTS_DENY, "tdmrep"},
    {"an unset rule hides nothing", "/a", NULL,
     "[{\"location\":\"/a\",\"tdm-reservation\":2},{\"location\":\"/\",\"tdm-reservation\":1}]", NULL, NULL, RIGHTS_DENY, "tdmrep"},
    {"a rule without a value", "/a", NULL, "[{\"location\":\"/a\"},{\"location\":\"/\",\"tdm-reservation\":1}]", NULL, NULL,
     RIGHTS_DENY, "tdmrep"},
    {"a reservation of nowhere", "/a", NULL, "[{\"tdm-reservation\":1}]", NULL, NULL, RIGHTS_UNKNOWN, "tdmrep"},
    {"a list of places", "/a", NULL, "[{\"location\":[\"/\"],\"tdm-reservation\":1}]", NULL, NULL, RIGHTS_UNKNOWN, "tdmrep"},
    {"an open nowhere", "/a", NULL, "[{\"tdm-reservation\":0}]", NULL, NULL, RIGHTS_ALLOW, ""},
    {"a whole address", "/a/b", NULL, "[{\"location\":\"https://x.fr/a/\",\"tdm-reservation\":1}]", NULL, NULL, RIGHTS_DENY,
     "tdmrep"},
    {"a host alone", "/a", NULL, "[{\"location\":\"https://x.fr\",\"tdm-reservation\":1}]", NULL, NULL, RIGHTS_DENY, "tdmrep"},
    {"no first slash", "/a/b", NULL, "[{\"location\":\"a/*\",\"tdm-reservation\":1}]", NULL, NULL, RIGHTS_DENY, "tdmrep"},
    {"query in the place", "/a?b=1", NULL, "[{\"location\":\"/*?b=\",\"tdm-reservation\":1}]", NULL, NULL, RIGHTS_DENY, "tdmrep"},
    {"two header lines in one", "/a", NULL, NULL, "tdm-reservation: 0, 1", NULL, RIGHTS_DENY, "tdmrep"},
    {"an empty header", "/a", NULL, T1, "tdm-reservation:", NULL, RIGHTS_DENY, "tdmrep"},
    {"a property", "/a", NULL, NULL, NULL, "<meta property=tdm-reservation content=1>", RIGHTS_DENY, "tdmrep"},
    {"http-equiv", "/a", NULL, NULL, NULL, "<meta http-equiv=tdm-reservation content=1>", RIGHTS_DENY, "tdmrep"},
    {"a property opens nothing", "/a", NULL, T1, NULL, "<meta property=tdm-reservation content=0>", RIGHTS_DENY, "tdmrep"},
    {"an error page", "/a", NULL, "<html>404</html>", NULL, NULL, RIGHTS_ALLOW, ""},
    {"other JSON", "/a", NULL, "{\"error\":404}", NULL, NULL, RIGHTS_ALLOW, ""},
    {"header over file", "/a", NULL, T1, "tdm-reservation: 0", NULL, RIGHTS_ALLOW, "tdmrep"},
    {"bad header resets nothing", "/a", NULL, T1, "tdm-reservation: no", NULL, RIGHTS_DENY, "tdmrep"},
    {"page over header", "/a", NULL, NULL, "tdm-reservation: 1", META0, RIGHTS_ALLOW, "tdmrep"},
    {"page", "/a", NULL, NULL, NULL, META1, RIGHTS_DENY, "tdmrep"},
    {"page in a comment", "/a", NULL, NULL, NULL, "<!-- " META1 " -->", RIGHTS_ALLOW, ""},
    {"page in a script", "/a", NULL, NULL, NULL, "<script>'" META1 "'</script><p>", RIGHTS_ALLOW, ""},
    {"page in a textarea", "/a", NULL, NULL, NULL, "<textarea>" META1 "</textarea>", RIGHTS_ALLOW, ""},
    {"0 in the body opens nothing", "/a", NULL, T1, NULL, "<head></head><body><p>" META0, RIGHTS_DENY, "tdmrep"},
    {"1 in the body reserves", "/a", NULL, NULL, NULL, "<head></head><body><p>" META1, RIGHTS_DENY, "tdmrep"},
    /* AIPREF */
    {"usage", "/a", STAR "Content-Usage: train-ai=n\n", NULL, NULL, NULL, RIGHTS_DENY, "aipref"},
    {"usage of another group", "/a", STAR "Content-Usage: train-ai=n\n\nUser-agent: villers\nAllow: /\n", NULL, NULL, NULL,
     RIGHTS_ALLOW, ""},
    {"usage with a path", "/a", STAR "Content-Usage: /b train-ai=n\n", NULL, NULL, NULL, RIGHTS_ALLOW, ""},
    {"usage, longest path", "/b/c", STAR "Content-Usage: train-ai=n\nContent-Usage: /b train-ai=y\n", NULL, NULL, NULL,
     RIGHTS_ALLOW, "aipref"},
    {"usage, same path", "/b", STAR "Content-Usage: train-ai=y\nContent-Usage: train-ai=n\n", NULL, NULL, NULL, RIGHTS_DENY,
     "aipref"},
    {"usage header", "/a", NULL, NULL, "Content-Usage: search=y, train-ai=n;x=1", NULL, RIGHTS_DENY, "aipref"},
    {"usage header unreadable", "/a", NULL, NULL, "Content-Usage: Train-AI=n", NULL, RIGHTS_ALLOW, "aipref"},
    {"header y, robots n", "/a", STAR "Content-Usage: train-ai=n\n", NULL, "Content-Usage: train-ai=y", NULL, RIGHTS_DENY,
     "aipref"},
    /* Content-Signal */
    {"signal", "/a", STAR "Content-Signal: search=yes, ai-train=no\n", NULL, NULL, NULL, RIGHTS_DENY, "content-signal"},
    {"signal yes", "/a", STAR "Content-Signal: ai-train=yes\n", NULL, NULL, NULL, RIGHTS_ALLOW, "content-signal"},
    {"signal, semicolons", "/a", STAR "Content-Signal: search=yes; ai-train=no\n", NULL, NULL, NULL, RIGHTS_DENY, "content-signal"},
    {"signal, spaces", "/a", STAR "Content-Signal: search=yes ai-train = no\n", NULL, NULL, NULL, RIGHTS_DENY, "content-signal"},
    {"signals", "/a", STAR "Content-Signals: ai-train=no\n", NULL, NULL, NULL, RIGHTS_DENY, "content-signal"},
    {"signal header", "/a", NULL, NULL, "content-signal: ai-train=no", NULL, RIGHTS_DENY, "content-signal"},
    {"signal of another place", "/a", STAR "Content-Signal: /b ai-train=no\n", NULL, NULL, NULL, RIGHTS_ALLOW, ""},
    {"other signal", "/a", STAR "Content-Signal: ai-input=no\n", NULL, NULL, NULL, RIGHTS_ALLOW, ""},
    /* robots tags */
    {"noai", "/a", NULL, NULL, "X-Robots-Tag: index, NoAI", NULL, RIGHTS_DENY, "robots-tag"},
    {"noimageai", "/a", NULL, NULL, "X-Robots-Tag: noimageai", NULL, RIGHTS_ALLOW, ""},
    {"another agent", "/a", NULL, NULL, "X-Robots-Tag: googlebot: noindex, noai", NULL, RIGHTS_ALLOW, ""},
    {"our agent", "/a", NULL, NULL, "X-Robots-Tag: otherbot: index, Villers: noindex", NULL, RIGHTS_DENY, "robots-tag"},
    {"a date is no agent", "/a", NULL, NULL, "X-Robots-Tag: unavailable_after: 25 Jun 2030 15:00:00 PST, noai", NULL, RIGHTS_DENY,
     "robots-tag"},
    {"every agent", "/a", NULL, NULL, "X-Robots-Tag: *: noai", NULL, RIGHTS_DENY, "robots-tag"},
    {"spaces for commas", "/a", NULL, NULL, "X-Robots-Tag: nofollow noai", NULL, RIGHTS_DENY, "robots-tag"},
    {"semicolons for commas", "/a", NULL, NULL, NULL, "<meta name=robots content='index;noai'>", RIGHTS_DENY, "robots-tag"},
    {"a value is no directive", "/a", NULL, NULL, "X-Robots-Tag: max-image-preview: none", NULL, RIGHTS_ALLOW, ""},
    {"robots among others", "/a", NULL, NULL, NULL, "<meta name='robots, googlebot' content=noai>", RIGHTS_DENY, "robots-tag"},
    {"robots as a property", "/a", NULL, NULL, NULL, "<meta property=robots content=noai>", RIGHTS_DENY, "robots-tag"},
    {"meta noai", "/a", NULL, NULL, NULL, "<META NAME=robots CONTENT='noarchive, noai'>", RIGHTS_DENY, "robots-tag"},
    {"meta of another", "/a", NULL, NULL, NULL, "<meta name=googlebot content=noindex>", RIGHTS_ALLOW, ""},
    {"meta of ours", "/a", NULL, NULL, NULL, "<meta name=villers content=none>", RIGHTS_DENY, "robots-tag"},
    {"keywords", "/a", NULL, NULL, NULL, "<meta name=keywords content='noai, noindex'>", RIGHTS_ALLOW, ""},
    /* RSL */
    {"License in robots.txt", "/a", "License: https://x.fr/l.xml\n" STAR "Allow: /\n", NULL, NULL, NULL, RIGHTS_UNKNOWN, "rsl"},
    {"License that is open", "/a", "License: https://creativecommons.org/licenses/by/4.0/\n", NULL, NULL, NULL, RIGHTS_ALLOW, ""},
    {"link element", "/a", NULL, NULL, NULL, "<link href=/l.xml type='application/rsl+xml' rel='license nofollow'>", RIGHTS_UNKNOWN,
     "rsl"},
    {"Link header", "/a", NULL, NULL, "Link: <https://x.fr/l.xml>; rel=\"license\"; type=\"application/rsl+xml\"", NULL,
     RIGHTS_UNKNOWN, "rsl"},
    /* robots.txt */
    {"disallowed", "/a", STAR "Disallow: /a\n", NULL, NULL, NULL, RIGHTS_DENY, "robots.txt"},
    {"AI crawler barred", "/a", "User-agent: GPTBot\nDisallow: /\n", NULL, NULL, NULL, RIGHTS_DENY, "robots.txt"},
    {"AI crawler barred elsewhere", "/a", "User-agent: GPTBot\nDisallow: /b\n", NULL, NULL, NULL, RIGHTS_ALLOW, ""},
    {"other crawler barred", "/a", "User-agent: DotBot\nDisallow: /\n", NULL, NULL, NULL, RIGHTS_ALLOW, ""},
    {"most restrictive", "/a", STAR "Content-Usage: train-ai=n\n", NULL, "tdm-reservation: 0", NULL, RIGHTS_DENY, "aipref"},
};

static struct rights_header header_of(const char *line) {
    struct slice s = slice_str(line);
    size_t colon = slice_find_char(s, ':');
    return (struct rights_header){slice_sub(s, 0, colon), slice_sub(s, colon + 1, s.len)};
}

static void test_protocols(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rights_inputs in = {
            .target = slice_str(cases[i].target), .agent = slice_str("villers"), .page_licence = slice_str("CC-BY-4.0")};
        struct rights_host *host = NULL;
        struct rights_tdmrep *tdmrep = NULL;
        struct rights_html html;
        struct rights_header header;
        if (cases[i].robots) assert_int_equal(rights_host_parse(slice_str(cases[i].robots), in.agent, NULL, &host, NULL), ST_OK);
        if (cases[i].tdmrep) assert_int_equal(rights_tdmrep_parse(slice_str(cases[i].tdmrep), &tdmrep, NULL), ST_OK);
        if (cases[i].headers) {
            header = header_of(cases[i].headers);
            in.headers = &header;
            in.n_headers = 1;
        }
        if (cases[i].html) {
            rights_html_read(slice_str(cases[i].html), in.agent, NULL, &html);
            in.html = &html;
        }
        in.host = host;
        in.tdmrep = tdmrep;
        struct rights_decision d;
        rights_decide(&in, &d);
        const char *last = d.n_signals ? d.signals[d.n_signals - 1].protocol : "";
        bool named = cases[i].protocol[0] == 0 ? d.n_signals == 0 : false;
        for (unsigned k = 0; k < d.n_signals; k++) {
            if (strcmp(d.signals[k].protocol, cases[i].protocol) != 0) continue;
            named = true;
            assert_true(d.signals[k].evidence.len > 0);
        }
        if (d.verdict != cases[i].want || !named) fail_msg("%s: %s by %s", cases[i].what, rights_verdict_name(d.verdict), last);
        assert_int_equal(d.set_aside, d.verdict != RIGHTS_ALLOW);
        rights_host_free(host);
        rights_tdmrep_free(tdmrep);
    }
}

/* source's licence, page's, page's evidence, Link header */
static const struct {
    const char *source, *page, *evidence, *link;
    enum rights_verdict want;
    const char *licence;
} licences[] = {
    {"", "", "", NULL, RIGHTS_UNKNOWN, ""},
    {"etalab-2.0", "", "", NULL, RIGHTS_ALLOW, "etalab-2.0"},
    {"", "CC-BY-SA-4.0", "x", NULL, RIGHTS_ALLOW, "CC-BY-SA-4.0"},
    {"etalab-2.0", "CC-BY-SA-4.0", "x", NULL, RIGHTS_ALLOW, "CC-BY-SA-4.0"},
    {"CC-BY-SA-4.0", "CC0-1.0", "x", NULL, RIGHTS_ALLOW, "CC-BY-SA-4.0"},
    {"etalab-2.0", "CC-BY-NC-4.0", "x", NULL, RIGHTS_DENY, "CC-BY-NC-4.0"},
    {"etalab-2.0", "", "two licences", NULL, RIGHTS_UNKNOWN, ""},
    {"", "", "", "Link: </autre>; rel=\"next\", <https://creativecommons.org/licenses/by/4.0/>; rel=\"license\"", RIGHTS_ALLOW,
     "CC-BY-4.0"},
    {"", "CC0-1.0", "x", "Link: <https://creativecommons.org/licenses/by/4.0/>; rel=license", RIGHTS_UNKNOWN, ""},
    {"", "", "", "Link: </mentions>; rel=license", RIGHTS_UNKNOWN, ""},
    {"GPL-2.0-or-later OR CC-BY-SA-3.0", "", "", NULL, RIGHTS_ALLOW, "GPL-2.0-or-later OR CC-BY-SA-3.0"},
    {"Inconnue", "", "", NULL, RIGHTS_UNKNOWN, "Inconnue"},
};

static void test_licences(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof licences / sizeof *licences; i++) {
        struct rights_header header = header_of(licences[i].link ? licences[i].link : "X: y");
        struct rights_inputs in = {.target = slice_str("/"),
                                   .headers = &header,
                                   .n_headers = 1,
                                   .source_licence = slice_str(licences[i].source),
                                   .page_licence = slice_str(licences[i].page),
                                   .page_licence_evidence = slice_str(licences[i].evidence)};
        struct rights_decision d;
        rights_decide(&in, &d);
        if (d.verdict != licences[i].want || strcmp(d.licence, licences[i].licence) != 0)
            fail_msg("licence case %zu: %s, %s", i, rights_verdict_name(d.verdict), d.licence);
    }
}

/* RFC 9651 dictionaries, and what they say of training */
static const struct {
    const char *value;
    enum rights_say say;
} usages[] = {
    {"train-ai=n", RIGHTS_SAY_NO},
    {"train-ai=y", RIGHTS_SAY_YES},
    {" train-ai=n  ", RIGHTS_SAY_NO},
    {"train-ai = n", RIGHTS_SAY_BAD},
    {"search=n", RIGHTS_SAY_NOTHING},
    {"", RIGHTS_SAY_NOTHING},
    {"bots=n", RIGHTS_SAY_NO},
    {"bots=n, train-ai=y", RIGHTS_SAY_YES},
    {"train-genai=n, train-ai=y", RIGHTS_SAY_NO},
    {"train-ai=y, train-ai=n", RIGHTS_SAY_NO},
    {"train-ai=n, train-ai=y", RIGHTS_SAY_YES},
    {"train-ai", RIGHTS_SAY_BAD},
    {"train-ai=\"n\"", RIGHTS_SAY_BAD},
    {"train-ai=?0", RIGHTS_SAY_BAD},
    {"train-ai=n,", RIGHTS_SAY_BAD},
    {"train-ai=n;", RIGHTS_SAY_BAD},
    {",train-ai=n", RIGHTS_SAY_BAD},
    {"Train-ai=n", RIGHTS_SAY_BAD},
    {"train-ai=n\tsearch=y", RIGHTS_SAY_BAD},
    {"a=(1 2.5 \"x\\\"\";q=?1), b=:YQ==:, c=@12, d=%\"x\", train-ai=n", RIGHTS_SAY_NO},
    {"a=(1 2, train-ai=n", RIGHTS_SAY_BAD},
    {"a=1234567890123456, train-ai=n", RIGHTS_SAY_BAD},
    {"a=1., train-ai=n", RIGHTS_SAY_BAD},
    {"a=\"x, train-ai=n", RIGHTS_SAY_BAD},
};

static void test_usage(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof usages / sizeof *usages; i++) {
        enum rights_say say = rights_usage(slice_str(usages[i].value));
        if (say != usages[i].say) fail_msg("%s: %d", usages[i].value, say);
    }
}

/* Lines of one field: a reservation in one is not undone by another, whatever their order; a broken line breaks what says yes. */
static void test_usage_lines(void **state) {
    (void)state;
    static const struct {
        const char *one, *two;
        enum rights_verdict want;
    } lines[] = {
        {"Content-Usage: train-ai=n", "Content-Usage: train-ai=y", RIGHTS_DENY},
        {"Content-Usage: train-ai=y", "Content-Usage: train-ai=n", RIGHTS_DENY},
        {"Content-Usage: search=y", "content-usage: train-ai=n", RIGHTS_DENY},
        {"Content-Usage: train-ai=n", "Content-Usage: ,", RIGHTS_DENY},
        {"Content-Usage: train-ai=y", "Content-Usage: ,", RIGHTS_ALLOW},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct rights_header headers[2] = {header_of(lines[i].one), header_of(lines[i].two)};
        struct rights_inputs in = {
            .target = slice_str("/"), .headers = headers, .n_headers = 2, .source_licence = slice_str("CC0-1.0")};
        struct rights_decision d;
        rights_decide(&in, &d);
        if (d.verdict != lines[i].want) fail_msg("%s, %s", lines[i].one, lines[i].two);
    }
}

static void test_policy(void **state) {
    (void)state;
    struct rights_policy lax = {.keep_noindex = true, .ignore_ai_agents = true};
    struct rights_host *host;
    struct rights_html html;
    assert_int_equal(rights_host_parse(slice_str("User-agent: CCBot\nDisallow: /\n"), slice_str("villers"), &lax, &host, NULL),
                     ST_OK);
    rights_html_read(slice_str("<meta name=robots content=noindex>"), slice_str("villers"), &lax, &html);
    struct rights_inputs in = {
        .target = slice_str("/"), .policy = &lax, .host = host, .html = &html, .source_licence = slice_str("CC0-1.0")};
    struct rights_decision d;
    rights_decide(&in, &d);
    assert_int_equal(d.verdict, RIGHTS_ALLOW);
    rights_host_free(host);
}

/* More signals than the list holds: the one that reserves is never the one left out. */
static void test_many(void **state) {
    (void)state;
    struct buf b = {0};
    for (unsigned i = 0; i < 100; i++) buf_str(&b, "<link rel=license type=application/rsl+xml href=/l>");
    buf_str(&b, "<meta name=robots content=noai>");
    struct rights_html html;
    rights_html_read(buf_view(&b), slice_str("villers"), NULL, &html);
    struct rights_inputs in = {.target = slice_str("/"), .html = &html, .source_licence = slice_str("CC0-1.0")};
    struct rights_decision d;
    rights_decide(&in, &d);
    assert_int_equal(d.verdict, RIGHTS_DENY);
    assert_int_equal(d.n_signals, RIGHTS_SIGNALS);
    buf_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_protocols), cmocka_unit_test(test_licences),
                                       cmocka_unit_test(test_usage),     cmocka_unit_test(test_usage_lines),
                                       cmocka_unit_test(test_policy),    cmocka_unit_test(test_many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
