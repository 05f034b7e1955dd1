#include "crawler/ingest_format.h"
#include "crawler/ingest_formats.h"

/* In the order in which they are asked: the particular before the general. */
static const struct ingest_format *const table[] = {
    &ingest_warc,  &ingest_dila_list, &ingest_wikimedia, &ingest_service_public, &ingest_dila,      &ingest_tei,  &ingest_oai,
    &ingest_jsonl, &ingest_pdf,       &ingest_office,    &ingest_html,           &ingest_gutenberg, &ingest_text,
};

const struct ingest_format *const *ingest_formats(size_t *n) {
    *n = sizeof table / sizeof *table;
    return table;
}

const struct ingest_format *ingest_format_named(const char *name) {
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i]->name, name) == 0) return table[i];
    return NULL;
}

/* A list of deletions is one whatever the source calls its format. */
const struct ingest_format *ingest_format_of(struct slice head, struct slice name, const char *wanted) {
    if (ingest_dila_list.sniff(head, name)) return &ingest_dila_list;
    if (*wanted) return ingest_format_named(wanted);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i]->sniff(head, name)) return table[i];
    return NULL;
}

static const struct {
    const char *name, *text;
} reasons[] = {
#define INGEST_ROW(id, name, text) {name, text},
    INGEST_LIST(INGEST_ROW)
#undef INGEST_ROW
};

const char *ingest_reason_name(enum ingest_reason r) { return r < INGEST_N ? reasons[r].name : "?"; }
const char *ingest_reason_text(enum ingest_reason r) { return r < INGEST_N ? reasons[r].text : "?"; }

const char *ingest_outcome_name(enum ingest_outcome o) {
    static const char *const names[] = {[INGEST_READ] = "read",
                                        [INGEST_KNOWN] = "known",
                                        [INGEST_BROKEN] = "damaged",
                                        [INGEST_UNREADABLE] = "unknown-format",
                                        [INGEST_STOPPED] = "stopped"};
    return names[o];
}

void ingest_refuse(struct ingest_tools *t, enum ingest_reason reason, struct slice url, const char *why) {
    struct ingest_item item = {.kind = INGEST_ITEM_REFUSAL, .url = url, .reason = reason, .why = slice_str(why)};
    t->emit(t, &item);
}

struct slice ingest_unit_name(const struct ingest_tools *t, const struct ingest_unit *u) {
    return u->member.len ? buf_view(&u->member) : slice_str(t->file_name);
}

void ingest_meta(struct ingest_tools *t, const char *key, struct slice value) {
    struct json_out j;
    if (!value.len) return;
    json_out_init(&j, &t->meta);
    j.depth = 1;
    json_kv_str(&j, key, value);
    buf_char(&t->meta, ',');
}

struct slice ingest_path_base(struct slice path) {
    while (path.len && path.ptr[path.len - 1] == '/') path.len--;
    size_t at = path.len;
    while (at && path.ptr[at - 1] != '/') at--;
    return slice_sub(path, at, path.len);
}

struct slice ingest_path_stem(struct slice path) {
    struct slice base = ingest_path_base(path);
    for (size_t i = base.len; i > 1; i--)
        if (base.ptr[i - 1] == '.') return slice_sub(base, 0, i - 1);
    return base;
}

bool ingest_name_has(struct slice name, const char *ext) {
    size_t n = strlen(ext);
    return name.len >= n && slice_eq_nocase(slice_sub(name, name.len - n, name.len), slice_str(ext));
}

bool ingest_is_binary(struct slice s) {
    size_t controls = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c == 0) return true;
        if (c < 0x20 && !ascii_is_space(s.ptr[i]) && c != 0x1b) controls++;
    }
    return controls * 50 > s.len;
}
