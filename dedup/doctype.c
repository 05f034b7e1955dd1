#include "dedup/doctype.h"

#define SAMPLE ((size_t)256 * 1024)
#define ARTICLES_OF_LAW 3 /* lines that begin one, and at least one line in LINES_AN_ARTICLE */
#define LINES_AN_ARTICLE 12

const char *doctype_version(void) { return "1"; }

/* ---- what the page states ---- */

/* schema.org types of JSON-LD and microdata that say one thing only. */
static const struct {
    const char *name;
    enum doc_type type;
} precise[] = {
    {"DiscussionForumPosting", DOC_TYPE_FORUM},
    {"QAPage", DOC_TYPE_FORUM},
    {"Legislation", DOC_TYPE_LEGAL},
    {"LegislationObject", DOC_TYPE_LEGAL},
    {"ScholarlyArticle", DOC_TYPE_SCHOLARLY},
    {"MedicalScholarlyArticle", DOC_TYPE_SCHOLARLY},
    {"Thesis", DOC_TYPE_SCHOLARLY},
    {"TechArticle", DOC_TYPE_MANUAL},
    {"APIReference", DOC_TYPE_MANUAL},
    {"GovernmentService", DOC_TYPE_FICHE},
    {"DefinedTerm", DOC_TYPE_ENCYCLOPEDIA},
};
/* Programs that make one kind of page: the first word of <meta name=generator>. */
static const struct {
    const char *name;
    enum doc_type type;
} makers[] = {
    {"phpbb", DOC_TYPE_FORUM},     {"vbulletin", DOC_TYPE_FORUM},    {"xenforo", DOC_TYPE_FORUM},
    {"discourse", DOC_TYPE_FORUM}, {"fluxbb", DOC_TYPE_FORUM},       {"mybb", DOC_TYPE_FORUM},
    {"nodebb", DOC_TYPE_FORUM},    {"flarum", DOC_TYPE_FORUM},       {"mediawiki", DOC_TYPE_ENCYCLOPEDIA},
    {"sphinx", DOC_TYPE_MANUAL},   {"docbook", DOC_TYPE_MANUAL},     {"mkdocs", DOC_TYPE_MANUAL},
    {"doxygen", DOC_TYPE_MANUAL},  {"docusaurus", DOC_TYPE_MANUAL},  {"gitbook", DOC_TYPE_MANUAL},
    {"antora", DOC_TYPE_MANUAL},   {"asciidoctor", DOC_TYPE_MANUAL}, {"docutils", DOC_TYPE_MANUAL},
    {"texi2any", DOC_TYPE_MANUAL}, {"makeinfo", DOC_TYPE_MANUAL},    {"javadoc", DOC_TYPE_MANUAL},
};

static bool by_maker(struct slice word, enum doc_type *type) {
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
        if (slice_starts_nocase(word, slice_str(makers[i].name))) {
            *type = makers[i].type;
            return true;
        }
    return false;
}

static bool by_schema(struct slice name, enum doc_type *type) {
    for (size_t i = 0; i < sizeof precise / sizeof *precise; i++)
        if (slice_eq_str(name, precise[i].name)) {
            *type = precise[i].type;
            return true;
        }
    return false;
}

/* One statement, "ld:NewsArticle". */
static bool precise_statement(struct slice s, enum doc_type *type) {
    struct slice where;
    if (!slice_cut(&s, ':', &where)) return false;
    if (slice_eq_str(where, "generator")) return by_maker(s, type);
    if (slice_eq_str(where, "meta") && slice_eq_str(s, "citation")) *type = DOC_TYPE_SCHOLARLY;
    if (slice_eq_str(where, "meta")) return slice_eq_str(s, "citation");
    return (slice_eq_str(where, "ld") || slice_eq_str(where, "microdata")) && by_schema(s, type);
}

/* Themes and plugins call any page an article: believed last. */
static bool loose_statement(struct slice s, enum doc_type *type) {
    struct slice where;
    if (!slice_cut(&s, ':', &where)) return false;
    *type = DOC_TYPE_ARTICLE;
    return slice_eq_str(s, "article") || slice_ends(s, slice_str("Article")) || slice_ends(s, slice_str("Posting"));
}

static bool by_statements(struct slice all, bool (*reads)(struct slice, enum doc_type *), enum doc_type *type) {
    struct slice one;
    while (slice_cut(&all, ' ', &one))
        if (reads(one, type)) return true;
    return false;
}

/* ---- the address ---- */

static const struct {
    const char *part;
    enum doc_type type;
} parts[] = {
    {"forum", DOC_TYPE_FORUM},          {"forums", DOC_TYPE_FORUM},           {"viewtopic.php", DOC_TYPE_FORUM},
    {"showthread.php", DOC_TYPE_FORUM}, {"actualite", DOC_TYPE_ARTICLE},      {"actualites", DOC_TYPE_ARTICLE},
    {"actu", DOC_TYPE_ARTICLE},         {"actus", DOC_TYPE_ARTICLE},          {"news", DOC_TYPE_ARTICLE},
    {"blog", DOC_TYPE_ARTICLE},         {"communiques", DOC_TYPE_ARTICLE},    {"manual", DOC_TYPE_MANUAL},
    {"manuel", DOC_TYPE_MANUAL},        {"documentation", DOC_TYPE_MANUAL},   {"docs", DOC_TYPE_MANUAL},
    {"handbook", DOC_TYPE_MANUAL},      {"mentions-legales", DOC_TYPE_LEGAL}, {"jurisprudence", DOC_TYPE_LEGAL},
};

/* A folder of the path, or its last part, that is one of those words; the host has no say. */
static bool by_address(struct slice url, bool forums, enum doc_type *type) {
    size_t at = slice_find(url, slice_str("://")), end = 0;
    struct slice path = at == SIZE_MAX ? slice_of("", 0) : slice_sub(url, at + 3, url.len), part;
    while (end < path.len && path.ptr[end] != '?' && path.ptr[end] != '#') end++;
    path = slice_sub(path, 0, end);
    if (!slice_cut(&path, '/', &part)) return false;
    while (slice_cut(&path, '/', &part))
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
            if ((parts[i].type == DOC_TYPE_FORUM) == forums && slice_eq_nocase(part, slice_str(parts[i].part))) {
                *type = parts[i].type;
                return true;
            }
    return false;
}

/* ---- the text's structure ---- */

/* "Article 12", "Article L. 121-4", "Art. 3 bis", "Article premier", "ARTICLE Ier". */
static bool begins_article(struct slice line) {
    static const char *const heads[] = {"article ", "art. "}, *const first[] = {"premier", "ier", "unique"};
    for (size_t i = 0; i < 2; i++) {
        if (!slice_starts_nocase(line, slice_str(heads[i]))) continue;
        struct slice rest = slice_trim(slice_sub(line, strlen(heads[i]), line.len));
        for (size_t k = 0; k < 3; k++)
            if (slice_starts_nocase(rest, slice_str(first[k]))) return true;
        if (rest.len > 1 && (rest.ptr[0] == 'L' || rest.ptr[0] == 'R' || rest.ptr[0] == 'D')) /* law, decrees */
            rest = slice_trim(slice_sub(rest, rest.ptr[1] == '.' ? 2 : 1, rest.len));
        return rest.len > 0 && ascii_is_digit(rest.ptr[0]);
    }
    return false;
}

/* The words with which French courts state what they decide. */
static bool ends_judgment(struct slice line) {
    static const char *const words[] = {"par ces motifs", "d e c i d e", "d é c i d e", "décide :", "decide :"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (slice_starts_nocase(line, slice_str(words[i]))) return true;
    return slice_starts(line, slice_str("DÉCIDE")) || slice_starts(line, slice_str("D É C I D E"));
}

/* Articles numbered as law, contracts and terms number them; or a judgment's reasons and its decision. */
static bool is_legal(struct slice text) {
    size_t lines = 0, articles = 0, reasons = 0, decisions = 0;
    struct slice line;
    text = slice_sub(text, 0, text.len < SAMPLE ? text.len : SAMPLE);
    while (slice_cut(&text, '\n', &line)) {
        line = slice_trim(line);
        lines += line.len > 0;
        articles += begins_article(line);
        decisions += ends_judgment(line);
        reasons += slice_starts_nocase(line, slice_str("vu ")) || slice_starts_nocase(line, slice_str("considérant ")) ||
                   slice_starts_nocase(line, slice_str("attendu "));
    }
    return (articles >= ARTICLES_OF_LAW && articles * LINES_AN_ARTICLE >= lines) || (decisions > 0 && reasons > 1);
}

void doctype_of(const struct doctype_facts *f, struct doctype *out) {
    enum doc_type type = DOC_TYPE_OTHER;
    const char *by = "";
    if (by_statements(f->declared, precise_statement, &type))
        by = "page";
    else if (is_legal(f->text)) {
        type = DOC_TYPE_LEGAL;
        by = "text";
    } else if (by_address(f->url, true, &type))
        by = "address";
    else if (by_statements(f->declared, loose_statement, &type))
        by = "page";
    else if (by_address(f->url, false, &type))
        by = "address";
    *out = (struct doctype){*by ? type : DOC_TYPE_OTHER, by};
}
