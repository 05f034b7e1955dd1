/*
 * Terms and sites through a small direct-mapped cache, so that memory does not grow with the number of hosts.  A slot answers only for
 * exactly its own text.  The cache is emptied on rollback, since numbers given in a lost transaction are given again.
 */
#include "base/hash.h"
#include "store/mdb.h"
#include <stdlib.h>

enum { SLOTS = 4096 };

struct by_text {
    int kind;
    int64_t term;
    char *text; /* owned */
    size_t len;
};
struct by_number {
    int64_t term;
    char *text; /* owned */
    size_t len;
};
struct by_pair {
    int64_t source, host, site;
};
struct by_site {
    int64_t site, source, host;
};
struct mdb_cache {
    struct by_text texts[SLOTS];
    struct by_number numbers[SLOTS];
    struct by_pair pairs[SLOTS];
    struct by_site sites[SLOTS];
};

struct mdb_cache *mdb_cache_new(void) {
    return calloc(1, sizeof(struct mdb_cache));
}

void mdb_cache_clear(struct mdb_cache *c) {
    if (!c) return;
    for (size_t i = 0; i < SLOTS; i++) {
        free(c->texts[i].text);
        free(c->numbers[i].text);
    }
    memset(c, 0, sizeof *c);
}

void mdb_cache_free(struct mdb_cache *c) {
    mdb_cache_clear(c);
    free(c);
}

static char *copy_of(struct slice s) {
    char *p = malloc(s.len + 1);
    if (!p) return NULL;
    if (s.len) memcpy(p, s.ptr, s.len);
    p[s.len] = '\0';
    return p;
}

/* A cache that cannot remember is slower, not wrong: no status. */
static void remember_text(struct by_text *slot, int kind, struct slice text, int64_t term) {
    char *p = copy_of(text);
    if (!p) return;
    free(slot->text);
    *slot = (struct by_text){kind, term, p, text.len};
}

static enum status select_term(struct manifest *m, enum term_kind kind, struct slice text, int64_t *term, struct buf *err) {
    static const char sql[] = "SELECT term FROM terms WHERE kind = ?1 AND text = ?2";
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int(st, 1, (int)kind);
    mdb_bind_text(st, 2, text);
    enum status got = mdb_row(m, st, err);
    *term = got == ST_OK ? sqlite3_column_int64(st, 0) : -1;
    sqlite3_reset(st);
    return got == ST_SKIP ? ST_OK : got;
}

static enum status insert_term(struct manifest *m, enum term_kind kind, struct slice text, int64_t *term, struct buf *err) {
    static const char sql[] = "INSERT INTO terms (kind, text) VALUES (?1, ?2)";
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int(st, 1, (int)kind);
    mdb_bind_text(st, 2, text);
    enum status got = mdb_done(m, st, err);
    *term = sqlite3_last_insert_rowid(m->db);
    return got;
}

static enum status look_up(struct manifest *m, enum term_kind kind, struct slice text, bool make, int64_t *term, struct buf *err) {
    struct by_text *slot = &m->cache->texts[hash64_seed(text, (uint64_t)kind) % SLOTS];
    if (slot->text && slot->kind == (int)kind && slice_eq(slice_of(slot->text, slot->len), text)) {
        *term = slot->term;
        return ST_OK;
    }
    enum status st = select_term(m, kind, text, term, err);
    if (st == ST_OK && *term < 0 && make) st = insert_term(m, kind, text, term, err);
    if (st == ST_OK && *term >= 0) remember_text(slot, (int)kind, text, *term);
    return st;
}

enum status mdb_term(struct manifest *m, enum term_kind kind, struct slice text, int64_t *term, struct buf *err) {
    return look_up(m, kind, text, true, term, err);
}

enum status mdb_find_term(struct manifest *m, enum term_kind kind, struct slice text, int64_t *term, struct buf *err) {
    return look_up(m, kind, text, false, term, err);
}

enum status mdb_term_text(struct manifest *m, int64_t term, struct buf *out, struct buf *err) {
    if (term == 0) return ST_OK;
    struct by_number *slot = &m->cache->numbers[(uint64_t)term % SLOTS];
    if (!slot->text || slot->term != term) {
        static const char sql[] = "SELECT text FROM terms WHERE term = ?1";
        sqlite3_stmt *st = mdb_stmt(m, sql, err);
        if (!st) return ST_FATAL;
        sqlite3_bind_int64(st, 1, term);
        enum status got = mdb_row(m, st, err);
        if (got != ST_OK) return got == ST_SKIP ? fail(err, ST_FATAL, "%s: term %lld is missing", m->path, (long long)term) : got;
        struct slice text = mdb_text(st, 0);
        char *p = copy_of(text);
        if (p) {
            free(slot->text);
            *slot = (struct by_number){term, p, text.len};
        }
        sqlite3_reset(st);
        if (!p) return fail(err, ST_FATAL, "no memory");
    }
    buf_append(out, slot->text, slot->len);
    return buf_ok(out) ? ST_OK : fail(err, ST_FATAL, "no memory");
}

static enum status select_site(struct manifest *m, int64_t source, int64_t host, int64_t *site, struct buf *err) {
    static const char sql[] = "SELECT site FROM sites WHERE source = ?1 AND host = ?2";
    static const char insert[] = "INSERT INTO sites (source, host) VALUES (?1, ?2)";
    sqlite3_stmt *st = mdb_stmt(m, sql, err);
    if (!st) return ST_FATAL;
    sqlite3_bind_int64(st, 1, source);
    sqlite3_bind_int64(st, 2, host);
    enum status got = mdb_row(m, st, err);
    if (got == ST_OK) *site = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    if (got != ST_SKIP) return got;
    if (!(st = mdb_stmt(m, insert, err))) return ST_FATAL;
    sqlite3_bind_int64(st, 1, source);
    sqlite3_bind_int64(st, 2, host);
    got = mdb_done(m, st, err);
    *site = sqlite3_last_insert_rowid(m->db);
    return got;
}

enum status mdb_site(struct manifest *m, struct slice source, struct slice host, int64_t *site, struct buf *err) {
    int64_t s = 0, h = 0;
    enum status st = mdb_term(m, TERM_SOURCE, source, &s, err);
    if (st == ST_OK) st = mdb_term(m, TERM_HOST, host, &h, err);
    if (st != ST_OK) return st;
    struct by_pair *slot = &m->cache->pairs[((uint64_t)h * 31 + (uint64_t)s) % SLOTS];
    if (slot->site && slot->source == s && slot->host == h) {
        *site = slot->site;
        return ST_OK;
    }
    st = select_site(m, s, h, site, err);
    if (st == ST_OK) *slot = (struct by_pair){s, h, *site};
    return st;
}

enum status mdb_site_texts(struct manifest *m, int64_t site, struct buf *source, struct buf *host, struct buf *err) {
    struct by_site *slot = &m->cache->sites[(uint64_t)site % SLOTS];
    if (slot->site != site) {
        static const char sql[] = "SELECT source, host FROM sites WHERE site = ?1";
        sqlite3_stmt *st = mdb_stmt(m, sql, err);
        if (!st) return ST_FATAL;
        sqlite3_bind_int64(st, 1, site);
        enum status got = mdb_row(m, st, err);
        if (got != ST_OK) return got == ST_SKIP ? fail(err, ST_FATAL, "%s: site %lld is missing", m->path, (long long)site) : got;
        *slot = (struct by_site){site, sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1)};
        sqlite3_reset(st);
    }
    enum status st = mdb_term_text(m, slot->source, source, err);
    return st == ST_OK ? mdb_term_text(m, slot->host, host, err) : st;
}

enum status mdb_settings(struct manifest *m, struct slice hash, struct slice text, int64_t *settings, struct buf *err) {
    static const char add[] =
        "INSERT INTO settings (hash, text) VALUES (?1, ?2) ON CONFLICT (hash) DO UPDATE SET text = excluded.text "
        "WHERE settings.text = '' AND excluded.text <> ''";
    static const char find[] = "SELECT settings FROM settings WHERE hash = ?1";
    *settings = MANIFEST_NONE;
    if (hash.len == 0) return ST_OK;
    sqlite3_stmt *st = mdb_stmt(m, add, err);
    if (!st) return ST_FATAL;
    mdb_bind_text(st, 1, hash);
    mdb_bind_text(st, 2, text);
    enum status got = mdb_done(m, st, err);
    if (got != ST_OK) return got;
    if (!(st = mdb_stmt(m, find, err))) return ST_FATAL;
    mdb_bind_text(st, 1, hash);
    got = mdb_row(m, st, err);
    if (got == ST_OK) *settings = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return got == ST_SKIP ? fail(err, ST_FATAL, "%s: settings were not kept", m->path) : got;
}

struct slice mdb_host(struct slice url) {
    static const struct slice schemes[] = {SLICE_LIT("https://"), SLICE_LIT("http://")};
    for (size_t i = 0; i < 2; i++) {
        if (!slice_starts(url, schemes[i])) continue;
        struct slice rest = slice_sub(url, schemes[i].len, url.len);
        size_t n = 0;
        while (n < rest.len && rest.ptr[n] != '/' && rest.ptr[n] != '?') n++;
        struct slice host = slice_sub(rest, 0, n);
        size_t bracket = slice_find_char(host, ']'); /* an IPv6 address has colons of its own */
        size_t from = bracket == SIZE_MAX ? 0 : bracket;
        size_t colon = slice_find_char(slice_sub(host, from, host.len), ':');
        return colon == SIZE_MAX ? host : slice_sub(host, 0, from + colon);
    }
    return slice_str("");
}

struct slice mdb_short_url(struct slice url, struct slice host) {
    static const struct slice https = SLICE_LIT("https://");
    size_t from = https.len + host.len;
    if (host.len && slice_starts(url, https) && url.len > from && url.ptr[from] == '/' &&
        slice_eq(slice_sub(url, https.len, from), host))
        return slice_sub(url, from, url.len);
    return url;
}

void mdb_full_url(struct slice stored, struct slice host, struct buf *out) {
    if (stored.len && stored.ptr[0] == '/' && host.len) {
        buf_str(out, "https://");
        buf_slice(out, host);
    }
    buf_slice(out, stored);
}

static int nibble(char c) {
    if (ascii_is_digit(c)) return c - '0';
    char l = ascii_lower(c);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

bool mdb_unhex(struct slice hex, unsigned char *out, size_t n) {
    if (hex.len != 2 * n) return false;
    for (size_t i = 0; i < n; i++) {
        int hi = nibble(hex.ptr[2 * i]), lo = nibble(hex.ptr[2 * i + 1]);
        if (hi < 0 || lo < 0) return false;
        out[i] = (unsigned char)(hi << 4 | lo);
    }
    return true;
}
