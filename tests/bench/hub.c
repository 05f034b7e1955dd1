/*
 * A refined hub without a crawl: N documents of BYTES bytes of text, all kept, made of words drawn by Zipf's law from 30,000 made-up ones
 * (zstd -9 packs it about three times).  For benches of publish, stats and explain at sizes that no crawl here reaches.
 * usage: hub FOLDER N BYTES; FOLDER was made by `villers init` and is empty.
 *
 * With `raw`, documents that refine has yet to judge: among their words stand French ones, so that they are French, and one in ten is
 * an earlier one with a few words changed.  usage: hub FOLDER N BYTES raw [FIRST]; those before number FIRST were made before.
 */
#include "base/file.h"
#include "base/hash.h"
#include "store/manifest.h"
#include "store/segment.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 50000, WORDS = 30000, HOST_DOCUMENTS = 5000 };

struct maker {
    struct manifest *m;
    struct segment_packer *packer;
    struct buf err, text, line, packed;
    const char *folder;
    int64_t n, bytes;
    uint64_t seed;
    bool raw;
    char words[WORDS][16];
};

static void check(struct maker *b, enum status st) {
    if (st == ST_OK) return;
    fprintf(stderr, "hub bench: %s\n", buf_cstr(&b->err));
    exit(70);
}

static uint64_t draw(struct maker *b) {
    b->seed = b->seed * 6364136223846793005u + 1442695040888963407u;
    return b->seed >> 33;
}

static void make_words(struct maker *b) {
    static const char *const parts[] = {"la", "re",  "con", "ti",   "on",  "pré", "mu",  "ni",  "ci", "pal",
                                        "dé", "mar", "che", "sen",  "tou", "vi",  "es",  "aux", "lé", "gis",
                                        "lo", "ber", "tra", "vail", "ju",  "ge",  "men", "bre", "or", "an"};
    for (size_t i = 0; i < WORDS; i++) {
        size_t k = sizeof parts / sizeof *parts, len = 0;
        for (size_t v = i + 1; v && len < 12; v /= k) len += (size_t)snprintf(b->words[i] + len, 16 - len, "%s", parts[v % k]);
    }
}

static uint64_t mixed(uint64_t a, uint64_t k) {
    uint64_t pair[2] = {a, k};
    return hash64(slice_of((const char *)pair, sizeof pair));
}

/* Each raw document has a seed, so that a copy of it can be made later; in a copy one word in forty is another. */
static int64_t make_raw_text(struct maker *b, int64_t i) {
    static const char *const french[] = {"de",  "la",   "les", "dans", "une",  "est",   "pour", "que",
                                         "sur", "avec", "qui", "par",  "nous", "cette", "sont", "des"};
    bool copy = i % 10 == 9;
    int64_t words = 0, like = copy ? (int64_t)(mixed(7, (uint64_t)i) % (uint64_t)i) / 10 * 10 : i;
    b->seed = mixed(1, (uint64_t)like);
    buf_clear(&b->text);
    while ((int64_t)b->text.len < b->bytes) {
        double u = (double)draw(b) / 2147483648.0;
        size_t word = (size_t)(exp(u * log(WORDS)) - 1) % WORDS;
        if (copy && mixed((uint64_t)i, (uint64_t)words) % 40 == 0) word = (word + 1) % WORDS;
        buf_str(&b->text, words % 2 ? french[draw(b) % 16] : b->words[word]);
        buf_char(&b->text, ++words % 60 == 0 ? '\n' : ' ');
    }
    return words;
}

static int64_t make_text(struct maker *b, int64_t i) {
    int64_t words = 0;
    if (b->raw) return make_raw_text(b, i);
    buf_clear(&b->text);
    while ((int64_t)b->text.len < b->bytes) {
        /* exp of a uniform draw: rank r comes about as often as 1/r. */
        double u = (double)draw(b) / 2147483648.0;
        buf_str(&b->text, b->words[(size_t)(exp(u * log(WORDS)) - 1) % WORDS]);
        buf_char(&b->text, ++words % 60 == 0 ? '\n' : ' ');
    }
    return words;
}

static int64_t put_segment(struct maker *b, enum segment_kind kind, const char *name, int64_t from) {
    int64_t number;
    bool known;
    struct manifest_segment s = {
        .kind = kind, .name = slice_str(name), .bytes = 1, .records = BATCH, .run = MANIFEST_NONE, .derived_from = from};
    if (kind == SEGMENT_REFINED) s.settings_hash = slice_str("0123");
    check(b, manifest_add_segment(b->m, &s, &number, &known, &b->err));
    return number;
}

static void put_rows(struct maker *b, const struct doc *d, int64_t raw, int64_t refined, int64_t at, int64_t ms) {
    struct manifest_capture c = {.doc_id = d->id,
                                 .url = d->url,
                                 .source = d->source,
                                 .campaign = slice_str("bench"),
                                 .license = d->license,
                                 .status = 200,
                                 .captured_ms = ms,
                                 .bytes = 3 * b->bytes,
                                 .warc = MANIFEST_NONE,
                                 .warc_offset = MANIFEST_NONE,
                                 .raw = raw,
                                 .raw_offset = at};
    struct manifest_verdict v = {.id = d->id,
                                 .raw = raw,
                                 .raw_offset = at,
                                 .segment = refined,
                                 .offset = at,
                                 .license = d->license,
                                 .language = d->language,
                                 .date = d->date,
                                 .language_score = d->language_score,
                                 .french_share = d->french_share,
                                 .type = slice_str(at % 3 ? "article" : "legal"),
                                 .quality = (double)(at % 997) / 997,
                                 .bytes = (int64_t)d->text.len,
                                 .words = d->words};
    check(b, manifest_add_capture(b->m, &c, &b->err));
    if (!b->raw) check(b, manifest_put_verdict(b->m, &v, NULL, &b->err));
}

static void put_document(struct maker *b, int64_t i, struct segment *file, int64_t raw, int64_t refined) {
    char id[DOC_ID_LEN], url[128], source[32], date[32];
    uint64_t end = 0;
    snprintf(url, sizeof url, "https://www.site-%06" PRId64 ".fr/rubrique/article-%" PRId64 ".html", i / HOST_DOCUMENTS, i);
    snprintf(source, sizeof source, "source-%03" PRId64, (i / HOST_DOCUMENTS) % 40);
    snprintf(date, sizeof date, "20%02" PRId64 "-05-06", 10 + i % 14);
    doc_id(slice_str(source), slice_str(url), id);
    struct doc d = {.id = slice_str(id),
                    .url = slice_str(url),
                    .title = slice_str("Un titre"),
                    .source = slice_str(source),
                    .license = slice_str(i % 3 ? "etalab-2.0" : "CC-BY-SA-4.0"),
                    .date = slice_str(date),
                    .crawl_date = slice_str("2024-07-01T00:00:00Z"),
                    .words = make_text(b, i),
                    .language = slice_str("fra"),
                    .language_script = slice_str("Latn"),
                    .language_score = 0.97,
                    .french_share = 0.9 + (double)(i % 100) / 1000,
                    .metadata = slice_str("{}")};
    d.text = buf_view(&b->text);
    buf_clear(&b->line);
    buf_clear(&b->packed);
    doc_write(&b->line, &d, b->raw ? DOC_RAW : DOC_REFINED);
    uint64_t at = segment_length(file);
    check(b, segment_packer_pack(b->packer, buf_view(&b->line), &b->packed, &b->err));
    check(b, segment_append_packed(file, buf_view(&b->packed), &end, &b->err));
    put_rows(b, &d, raw, refined, (int64_t)at, 1719792000000 + i);
}

static void fill(struct maker *b, int64_t first, int64_t last) {
    char name[64];
    struct buf path = {.max = 8192};
    struct segment *file = NULL;
    snprintf(name, sizeof name, "seg-%09" PRId64 ".jsonl.zst", first);
    buf_printf(&path, "%s/%s/%s", b->folder, b->raw ? "raw" : "refined", name);
    check(b, segment_create(buf_cstr(&path), SEGMENT_ZSTD, 3, &file, &b->err));
    check(b, manifest_begin(b->m, &b->err));
    int64_t raw = put_segment(b, SEGMENT_RAW, name, MANIFEST_NONE);
    int64_t refined = b->raw ? MANIFEST_NONE : put_segment(b, SEGMENT_REFINED, name, raw);
    for (int64_t i = first; i < last; i++) put_document(b, i, file, raw, refined);
    check(b, segment_seal(file, &b->err));
    check(b, manifest_commit(b->m, &b->err));
    buf_free(&path);
}

int main(int argc, char **argv) {
    static struct maker b = {.err = {.max = 4096}, .seed = 42};
    struct buf path = {.max = 8192};
    if (argc < 4 || argc > 6) return 64;
    b.folder = argv[1];
    b.n = strtoll(argv[2], NULL, 10);
    b.bytes = strtoll(argv[3], NULL, 10);
    b.raw = argc > 4 && strcmp(argv[4], "raw") == 0;
    int64_t first = argc > 5 ? strtoll(argv[5], NULL, 10) : 0, last = first + b.n;
    b.packer = segment_packer_new(SEGMENT_ZSTD, 3);
    path_join(&path, argv[1], "manifest.sqlite");
    check(&b, b.packer ? manifest_open(buf_cstr(&path), MANIFEST_CREATE, &b.m, NULL, &b.err) : ST_FATAL);
    make_words(&b);
    for (int64_t i = first; i < last; i += BATCH) fill(&b, i, i + BATCH < last ? i + BATCH : last);
    manifest_free(b.m);
    segment_packer_free(b.packer);
    buf_free(&path);
    buf_free(&b.text);
    buf_free(&b.line);
    buf_free(&b.packed);
    buf_free(&b.err);
    return 0;
}
