#include "dedup/variety.h"
#include <stdio.h>

enum { SAMPLE = 64 * 1024, ENOUGH = 3, LONGEST = 20 };

/* ---- addresses ---- */

/* Top-level domains that say which French; two letters stand for the country itself. */
static const char *const countries[] = {"be", "bf", "bi", "bj", "bl", "ca", "cd", "cf", "cg", "ch", "ci", "cm", "dj", "dz", "fr",
                                        "ga", "gf", "gn", "gp", "ht", "km", "lb", "lu", "ma", "mc", "mf", "mg", "ml", "mq", "mr",
                                        "mu", "nc", "ne", "pf", "pm", "re", "rw", "sc", "sn", "td", "tg", "tn", "vu", "wf", "yt"};
static const struct {
    const char *tld, *country;
} places[] = {{"quebec", "ca"}, {"brussels", "be"}, {"swiss", "ch"}, {"paris", "fr"},
              {"bzh", "fr"},    {"corsica", "fr"},  {"alsace", "fr"}};

static bool known_country(struct slice s) {
    for (size_t i = 0; i < sizeof countries / sizeof *countries; i++)
        if (slice_eq_nocase(s, slice_str(countries[i]))) return true;
    return false;
}

static void tag_of(struct slice country, char out[8]) {
    snprintf(out, 8, "fr-%c%c", ascii_upper(country.ptr[0]), ascii_upper(country.ptr[1]));
}

/* The host of an http(s) URL: what stands between "//" and the next '/', ':', '?' or '#'. */
static struct slice host_of(struct slice url) {
    size_t at = slice_find(url, slice_str("://"));
    if (at == SIZE_MAX) return slice_of("", 0);
    struct slice rest = slice_sub(url, at + 3, url.len);
    size_t end = 0;
    while (end < rest.len && !memchr("/:?#", rest.ptr[end], 4)) end++;
    return slice_sub(rest, 0, end);
}

static void by_address(struct slice url, char out[8]) {
    struct slice host = host_of(url);
    size_t dot = host.len;
    while (dot > 0 && host.ptr[dot - 1] != '.') dot--;
    struct slice tld = slice_sub(host, dot, host.len);
    if (dot == 0) return;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (slice_eq_nocase(tld, slice_str(places[i].tld))) tld = slice_str(places[i].country);
    if (tld.len == 2 && known_country(tld)) tag_of(tld, out);
}

/* ---- language tags ---- */

/* The region of "fr-CA", "fr_CA", "fr-Latn-CA". */
static void by_tag(struct slice tag, char out[8]) {
    size_t at = 2;
    if (tag.len < 5 || !slice_starts_nocase(tag, slice_str("fr"))) return;
    while (at < tag.len && (tag.ptr[at] == '-' || tag.ptr[at] == '_')) {
        size_t end = ++at;
        while (end < tag.len && ascii_is_alnum(tag.ptr[end])) end++;
        struct slice part = slice_sub(tag, at, end);
        if (part.len == 2 && known_country(part)) {
            tag_of(part, out);
            return;
        }
        at = end;
    }
}

/* ---- words ---- */

enum region { CA, BE, CH, AFRICA, DZ, MA, RE, ANTILLES, NC, PF, REGIONS };
static const char *const region_tags[] = {"fr-CA", "fr-BE", "fr-CH",  "fr-002", "fr-DZ",
                                          "fr-MA", "fr-RE", "fr-029", "fr-NC",  "fr-PF"};

/*
 * Words of one region's daily and public life, in lower case, by hand; no names of places, which tell what a text is about.
 * points: 2 where hardly anyone else writes the word, 1 where others do now and then.
 */
static const struct word {
    const char *text;
    enum region region;
    int points;
} words[] = {
    {"cégep", CA, 2},         {"cégeps", CA, 2},      {"cégépien", CA, 2},      {"clavarder", CA, 2},
    {"clavardage", CA, 2},    {"magasiner", CA, 2},   {"magasinage", CA, 2},    {"pourriel", CA, 1},
    {"courriel", CA, 1},      {"courriels", CA, 1},   {"traversier", CA, 2},    {"motoneige", CA, 1},
    {"motoneiges", CA, 1},    {"tuque", CA, 2},       {"tuques", CA, 2},        {"érablière", CA, 1},
    {"présentement", CA, 1},  {"cellulaire", CA, 1},  {"chum", CA, 2},          {"dépanneur", CA, 1},
    {"achalandage", CA, 1},   {"téléverser", CA, 1},  {"infonuagique", CA, 1},  {"sous-ministre", CA, 2},
    {"anglophone", CA, 1},    {"francophone", CA, 1}, {"bénévolat", CA, 1},     {"débarbouillette", CA, 2},
    {"niaiser", CA, 2},       {"niaiseux", CA, 2},    {"icitte", CA, 2},        {"tabarnak", CA, 2},
    {"câlisse", CA, 2},       {"tantôt", CA, 1},      {"allophones", CA, 2},    {"bourgmestre", BE, 2},
    {"bourgmestres", BE, 2},  {"échevin", BE, 1},     {"échevins", BE, 1},      {"échevine", BE, 2},
    {"échevinal", BE, 2},     {"minerval", BE, 2},    {"athénée", BE, 1},       {"kot", BE, 2},
    {"kots", BE, 2},          {"asbl", BE, 2},        {"cpas", BE, 2},          {"onem", BE, 2},
    {"onss", BE, 2},          {"précompte", BE, 2},   {"guindaille", BE, 2},    {"drache", BE, 2},
    {"chicon", BE, 1},        {"chicons", BE, 1},     {"farde", BE, 1},         {"fardes", BE, 1},
    {"aubette", BE, 1},       {"nonante", BE, 1},     {"septante", BE, 1},      {"intercommunale", BE, 1},
    {"nonante", CH, 1},       {"septante", CH, 1},    {"huitante", CH, 2},      {"natel", CH, 2},
    {"votation", CH, 2},      {"votations", CH, 2},   {"romandie", CH, 2},      {"romand", CH, 1},
    {"romande", CH, 1},       {"romands", CH, 1},     {"bancomat", CH, 2},      {"chf", CH, 1},
    {"lamal", CH, 2},         {"suva", CH, 2},        {"cantonal", CH, 1},      {"cantonale", CH, 1},
    {"cantonaux", CH, 1},     {"cantonales", CH, 1},  {"confédération", CH, 1}, {"apprentissages", CH, 1},
    {"fcfa", AFRICA, 2},      {"cfa", AFRICA, 2},     {"tontine", AFRICA, 1},   {"tontines", AFRICA, 1},
    {"attiéké", AFRICA, 2},   {"alloco", AFRICA, 2},  {"zémidjan", AFRICA, 2},  {"gbaka", AFRICA, 2},
    {"chefferie", AFRICA, 1}, {"pagne", AFRICA, 1},   {"talibés", AFRICA, 2},   {"uemoa", AFRICA, 2},
    {"cemac", AFRICA, 2},     {"cedeao", AFRICA, 2},  {"ohada", AFRICA, 2},     {"wilaya", DZ, 2},
    {"wilayas", DZ, 2},       {"daïra", DZ, 2},       {"daïras", DZ, 2},        {"hirak", DZ, 1},
    {"dinars", DZ, 1},        {"moudjahid", DZ, 1},   {"moudjahidine", DZ, 1},  {"dahir", MA, 2},
    {"dahirs", MA, 2},        {"caïdat", MA, 2},      {"makhzen", MA, 1},       {"dirhams", MA, 1},
    {"mdh", MA, 1},           {"wali", MA, 1},        {"zoreil", RE, 2},        {"zoreils", RE, 2},
    {"zarabes", RE, 2},       {"malbar", RE, 2},      {"kabar", RE, 1},         {"maloya", RE, 1},
    {"béké", ANTILLES, 2},    {"békés", ANTILLES, 2}, {"gwoka", ANTILLES, 1},   {"zouk", ANTILLES, 1},
    {"caldoche", NC, 2},      {"caldoches", NC, 2},   {"kanak", NC, 1},         {"coutumière", NC, 1},
    {"fenua", PF, 2},         {"popaa", PF, 2},       {"fcfp", PF, 1},          {"xpf", PF, 1},
    {"marae", PF, 1},         {"motu", PF, 1},
};
enum { N_WORDS = sizeof words / sizeof *words };

static bool letter(char c) { return ascii_is_alpha(c) || (unsigned char)c >= 0x80 || c == '-'; }

/* Two letters and the length part most words of a text from all of ours. */
static unsigned sieve_of(struct slice w) {
    return ((unsigned char)w.ptr[0] * 31u + (unsigned char)w.ptr[w.len / 2] * 7u + (unsigned)w.len) % 256;
}

struct scan {
    uint64_t sieve[4];
    bool seen[N_WORDS];
    int points[REGIONS];
};

static void look_up(struct scan *s, struct slice w) {
    unsigned bit = sieve_of(w);
    if (!(s->sieve[bit / 64] >> (bit % 64) & 1)) return;
    for (size_t i = 0; i < N_WORDS; i++) {
        if (s->seen[i] || !slice_eq_str(w, words[i].text)) continue;
        s->seen[i] = true;
        s->points[words[i].region] += words[i].points;
    }
}

static void scan_words(struct scan *s, struct slice text) {
    char lower[LONGEST];
    for (size_t at = 0; at < text.len;) {
        size_t from = at;
        while (at < text.len && letter(text.ptr[at])) {
            if (at - from < LONGEST) lower[at - from] = ascii_lower(text.ptr[at]);
            at++;
        }
        if (at - from >= 3 && at - from < LONGEST) look_up(s, slice_of(lower, at - from));
        if (at == from) at++;
    }
}

/* The region whose words are there, when none other comes near: two words at least. */
static void by_words(struct slice text, char out[8]) {
    struct scan s = {.points = {0}};
    int best = 0, second = 0, region = 0;
    for (size_t i = 0; i < N_WORDS; i++) {
        unsigned bit = sieve_of(slice_str(words[i].text));
        s.sieve[bit / 64] |= (uint64_t)1 << (bit % 64);
    }
    scan_words(&s, slice_sub(text, 0, SAMPLE));
    for (int i = 0; i < REGIONS; i++) {
        if (s.points[i] > best) {
            second = best;
            best = s.points[i];
            region = i;
        } else if (s.points[i] > second) {
            second = s.points[i];
        }
    }
    if (best >= ENOUGH && best >= 2 * second) snprintf(out, 8, "%s", region_tags[region]);
}

void variety_of(struct slice text, struct slice url, struct slice declared, struct variety *out) {
    char tag[8] = "", address[8] = "", vocabulary[8] = "";
    memset(out, 0, sizeof *out);
    by_tag(declared, tag);
    by_address(url, address);
    by_words(text, vocabulary);
    const char *told = *tag && strcmp(tag, "fr-FR") != 0 ? tag : *address ? address : *vocabulary ? vocabulary : tag;
    if (!*told) return;
    memcpy(out->tag, told, sizeof out->tag);
    out->declared = strcmp(tag, told) == 0;
    out->tld = strcmp(address, told) == 0;
    out->vocabulary = strcmp(vocabulary, told) == 0;
}

void variety_json(struct json_out *j, const struct variety *v) {
    json_object(j);
    json_kv_str(j, "tag", slice_str(v->tag));
    json_key(j, "by");
    json_array(j);
    if (v->declared) json_cstring(j, "declared");
    if (v->tld) json_cstring(j, "tld");
    if (v->vocabulary) json_cstring(j, "vocabulary");
    json_array_end(j);
    json_object_end(j);
}
