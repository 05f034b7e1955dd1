/*
 * Lines of JSON.  The source's `fields` say which members hold what; without them the usual names are looked for.  A text may be a
 * string or an array of strings, a paragraph each.  Members that are not mapped are kept in metadata when they are short.
 */
#include "base/limits.h"
#include "crawler/ingest_formats.h"

enum { KEPT_VALUE = 500 };

static bool sniff(struct slice head, struct slice name) {
    struct slice s = slice_trim(head);
    (void)name;
    return s.len > 1 && s.ptr[0] == '{' &&
           (slice_trim(slice_sub(s, 1, s.len)).len == 0 || strchr("\"}", slice_trim(slice_sub(s, 1, s.len)).ptr[0]));
}

/* The member that a dotted path leads to. */
static bool lookup(struct json_value v, const char *path, struct json_value *out) {
    char key[128];
    struct slice rest = slice_str(path), part;
    if (!*path) return false;
    if (json_get(v, path, out)) return true; /* a key may hold a dot */
    while (slice_cut(&rest, '.', &part)) {
        if (part.len >= sizeof key) return false;
        memcpy(key, part.ptr, part.len);
        key[part.len] = '\0';
        if (!json_get(v, key, out)) return false;
        v = *out;
    }
    return true;
}

/* A string; a number as written; an array's strings, a line each, gathered in ${room}. */
static struct slice value_of(struct json_value v, struct buf *room) {
    struct slice s = slice_of("", 0), part;
    int64_t n;
    switch (json_typeof(v)) {
    case JSON_STRING: (void)json_as_string(v, &s); return s;
    case JSON_NUMBER:
        buf_clear(room);
        if (json_as_int(v, &n)) buf_printf(room, "%lld", (long long)n);
        return buf_view(room);
    case JSON_ARRAY: {
        struct json_iter it = json_walk(v);
        struct json_value item;
        buf_clear(room);
        while (json_next(&it, NULL, &item))
            if (json_as_string(item, &part)) {
                if (room->len) buf_char(room, '\n');
                buf_slice(room, part);
            }
        return buf_view(room);
    }
    default: return s;
    }
}

enum { ID, URL, TITLE, TEXT, AUTHOR, DATE, LICENSE, LANGUAGE, N };
static const char *const usual[N][6] = {
    [ID] = {"id", "_id", "identifier"},         [URL] = {"url", "uri", "link"},
    [TITLE] = {"title", "titre", "name"},       [TEXT] = {"text", "texte", "content", "paragraphs", "paras", "body"},
    [AUTHOR] = {"author", "auteur", "authors"}, [DATE] = {"date", "date_debut", "published", "publication_date", "created"},
    [LICENSE] = {"license", "licence"},         [LANGUAGE] = {"language", "lang", "langue"},
};

struct found {
    struct json_value values[N];
    bool has[N];
    const char *keys[N];
};

static void find_fields(struct json_value root, const struct source_fields *m, struct found *f) {
    const char *const mapped[N] = {m->id, m->url, m->title, m->text, m->author, m->date, m->license, m->language};
    for (int i = 0; i < N; i++) {
        f->has[i] = false;
        f->keys[i] = "";
        if (mapped[i] && *mapped[i]) {
            f->has[i] = lookup(root, mapped[i], &f->values[i]);
            f->keys[i] = mapped[i];
            continue;
        }
        for (int k = 0; k < 6 && usual[i][k] && !f->has[i]; k++) {
            f->has[i] = json_get(root, usual[i][k], &f->values[i]);
            if (f->has[i]) f->keys[i] = usual[i][k];
        }
    }
}

/* Short strings that are no field of ours: section, number, state… */
static void keep_others(struct ingest_tools *t, struct json_value root, const struct found *f) {
    struct json_iter it = json_walk(root);
    struct slice key, s;
    struct json_value v;
    buf_clear(&t->meta);
    while (json_next(&it, &key, &v)) {
        bool ours = false;
        char name[64];
        for (int i = 0; i < N; i++) ours = ours || slice_eq_str(key, f->keys[i]);
        if (ours || key.len + 10 > sizeof name || !json_as_string(v, &s) || !s.len || s.len > KEPT_VALUE) continue;
        if (slice_starts(key, slice_str("upstream_")) || slice_starts(key, slice_str("license_"))) continue;
        memcpy(name, key.ptr, key.len);
        name[key.len] = '\0';
        ingest_meta(t, name, s);
    }
}

static void convert(struct ingest_tools *t, const struct ingest_unit *u) {
    struct json_value root;
    struct found f;
    struct buf *rooms[N] = {[TEXT] = &t->text, [AUTHOR] = &t->more, [ID] = &t->scratch};
    struct buf date = {.max = 64}, spare = {.max = 4096};
    struct slice v[N];
    buf_clear(&t->err);
    if (json_parse(t->json, slice_trim(buf_view(&u->bytes)), &root, &t->err) != ST_OK || json_typeof(root) != JSON_OBJECT) {
        ingest_refuse(t, INGEST_BAD, slice_of("", 0), t->err.len ? buf_cstr(&t->err) : "not a JSON object");
        return;
    }
    find_fields(root, &t->opt->source->fields, &f);
    rooms[DATE] = &date;
    for (int i = 0; i < N; i++) v[i] = f.has[i] ? value_of(f.values[i], rooms[i] ? rooms[i] : &spare) : slice_of("", 0);
    for (size_t i = 0; f.has[AUTHOR] && v[AUTHOR].ptr == t->more.data && i < t->more.len; i++)
        if (t->more.data[i] == '\n') t->more.data[i] = ';';
    keep_others(t, root, &f);
    struct slice day = ingest_date_day(v[DATE]);
    struct ingest_item item = {.kind = INGEST_ITEM_DOCUMENT,
                               .upstream = v[ID],
                               .url = v[URL],
                               .title = slice_sub(v[TITLE], 0, LIMIT_META_VALUE),
                               .author = slice_sub(v[AUTHOR], 0, LIMIT_META_VALUE),
                               .date = day,
                               .language = v[LANGUAGE],
                               .text = v[TEXT],
                               .license = v[LICENSE],
                               .meta = buf_view(&t->meta)};
    t->emit(t, &item);
    buf_free(&date);
    buf_free(&spare);
}

const struct ingest_format ingest_jsonl = {.name = "jsonl", .split = INGEST_LINES, .sniff = sniff, .convert = convert};
