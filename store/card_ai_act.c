#include "store/card_ai_act.h"
#include "base/json.h"
#include <stdlib.h>

static void kv(struct json_out *j, const char *key, const char *value) { json_kv_str(j, key, slice_str(value)); }

static int by_bytes(const void *a, const void *b) {
    const struct card_host *x = a, *y = b;
    if (x->text_bytes != y->text_bytes) return x->text_bytes > y->text_bytes ? -1 : 1;
    return strcmp(x->host, y->host);
}

static void collection(struct json_out *j, const struct card_collection *how, const struct card *c) {
    json_key(j, "collection");
    json_object(j);
    kv(j, "from", how->first_day);
    kv(j, "to", how->last_day);
    kv(j, "crawler", how->agent);
    kv(j, "behaviour",
       "One connection a host, at least the delay that robots.txt or the source's entry asks for; robots.txt read as RFC 9309 says, and a host whose "
       "robots.txt cannot be read is not crawled; no login, no paywall passed, nothing fetched but what a source's licence allows.");
    kv(j, "rights_reservations",
       "Reservations under article 4(3) of Directive (EU) 2019/790 are read from robots.txt (AI crawlers included), TDMRep, HTTP headers and page "
       "metadata; a page that is reserved, or whose licence and reservation disagree, is not taken.");
    kv(j, "illegal_content",
       "Sources are chosen one by one by their licence; pages are judged for language and near-duplication; removals are published.");
    if (c->contact[0]) kv(j, "contact", c->contact);
    json_object_end(j);
}

static void sources(struct json_out *j, const struct card *c) {
    json_key(j, "sources");
    json_array(j);
    for (size_t i = 0; i < c->m->sources.n; i++) {
        const struct release_count *n = &c->m->sources.items[i];
        const struct release_source *s = card_source(c, n->key);
        json_object(j);
        kv(j, "id", n->key);
        kv(j, "name", s ? s->name : "");
        kv(j, "license", s ? s->license : "");
        kv(j, "license_evidence", s ? s->license_evidence : "");
        json_kv_int(j, "documents", (int64_t)n->documents);
        json_kv_int(j, "words", (int64_t)n->words);
        json_kv_int(j, "text_bytes", (int64_t)n->text_bytes);
        json_object_end(j);
    }
    json_array_end(j);
}

static void domains(struct json_out *j, const struct card *c, const struct card_collection *how) {
    json_key(j, "domains");
    json_array(j);
    for (size_t i = 0; i < how->n_hosts; i++) {
        const struct card_host *h = &how->hosts[i];
        json_object(j);
        kv(j, "host", h->host);
        json_kv_int(j, "documents", (int64_t)h->documents);
        json_kv_int(j, "text_bytes", (int64_t)h->text_bytes);
        json_kv_float(j, "share", c->m->text_bytes ? (double)h->text_bytes / (double)c->m->text_bytes : 0, 6);
        json_object_end(j);
    }
    json_array_end(j);
}

static void languages(struct json_out *j, const struct card *c) {
    json_key(j, "languages");
    json_array(j);
    for (size_t i = 0; i < c->m->languages.n; i++) {
        json_object(j);
        kv(j, "language", c->m->languages.items[i].key);
        json_kv_int(j, "documents", (int64_t)c->m->languages.items[i].documents);
        json_kv_int(j, "text_bytes", (int64_t)c->m->languages.items[i].text_bytes);
        json_object_end(j);
    }
    json_array_end(j);
}

void card_ai_act(struct buf *out, const struct card *c, struct card_collection *how) {
    struct json_out j;
    if (how->n_hosts) qsort(how->hosts, how->n_hosts, sizeof *how->hosts, by_bytes);
    json_out_init(&j, out);
    json_object(&j);
    kv(&j, "basis", "Regulation (EU) 2024/1689, article 53(1)(d)");
    kv(&j, "name", c->m->name);
    kv(&j, "version", c->m->version);
    kv(&j, "modality", "text");
    json_kv_int(&j, "documents", (int64_t)c->m->documents);
    json_kv_int(&j, "words", (int64_t)c->m->words);
    json_kv_int(&j, "text_bytes", (int64_t)c->m->text_bytes);
    collection(&j, how, c);
    languages(&j, c);
    sources(&j, c);
    domains(&j, c, how);
    json_object_end(&j);
    buf_char(out, '\n');
}
