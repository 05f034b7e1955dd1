#include "dedup/redact.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "dedup/redact_parts.h"
#include <stdlib.h>

struct spans {
    struct redact_span *at;
    size_t n, cap;
};
struct redactor {
    struct spans masked, flagged;
};

/* A walk over one text. */
struct walk {
    struct redactor *r;
    struct slice text;
    size_t i;       /* the byte at hand */
    size_t floor;   /* nothing before it is taken again */
    size_t url_end; /* the URL at hand ends there */
    bool failed;
};

static const struct {
    const char *name, *placeholder;
} kinds[REDACT_KINDS] = {
    [REDACT_NIR] = {"nir", "[NIR]"},       [REDACT_IBAN] = {"iban", "[IBAN]"},    [REDACT_PHONE] = {"phone", "[PHONE]"},
    [REDACT_EMAIL] = {"email", "[EMAIL]"}, [REDACT_IP] = {"ip", "[IP]"},          [REDACT_CARD] = {"card", "[CARD]"},
    [REDACT_SIREN] = {"siren", "[SIREN]"}, [REDACT_SIRET] = {"siret", "[SIRET]"},
};

const char *redact_name(enum redact_kind kind) { return kinds[kind].name; }
const char *redact_placeholder(enum redact_kind kind) { return kinds[kind].placeholder; }

struct redactor *redact_new(void) {
    return calloc(1, sizeof(struct redactor));
}

void redact_free(struct redactor *r) {
    if (!r) return;
    free(r->masked.at);
    free(r->flagged.at);
    free(r);
}

static bool push(struct spans *s, const struct found *f) {
    if (s->n == LIMIT_REDACT_SPANS) return false;
    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 64;
        struct redact_span *at = realloc(s->at, cap * sizeof *at);
        if (!at) return false;
        s->at = at;
        s->cap = cap;
    }
    s->at[s->n++] = (struct redact_span){f->kind, f->start, f->end};
    return true;
}

/* Act on a recogniser's answer; false when it found nothing and the next one is asked. */
static bool settle(struct walk *w, enum verdict v, const struct found *f) {
    if (v == FOUND_NONE || (v == FOUND && f->start < w->floor)) return false;
    if (v == FOUND && !push(&w->r->masked, f)) w->failed = true;
    if (v == FLAGGED && !push(&w->r->flagged, f)) w->failed = true;
    w->i = w->floor = f->end;
    return true;
}

/* May a number begin at ${at}?  Not inside a word, a decimal, a reference or a path. */
static bool begins(const struct walk *w, size_t at) {
    struct slice s = w->text;
    if (at == 0 || at == w->floor) return true;
    char c = s.ptr[at - 1], before = at > 1 ? s.ptr[at - 2] : ' ';
    if (ascii_is_alnum(c) || strchr("_=#&%@\\~$", c)) return false;
    if (c == '/') return at - 1 == w->floor || ascii_is_space(before) || before == ')';
    if (c == '.' || c == ',' || c == ':') return !ascii_is_digit(before);
    if (c == '-') return at - 1 == w->floor || (!ascii_is_alnum(before) && before != '-');
    if ((unsigned char)c < 0x80) return true;
    size_t from = at - 1;
    while (from > 0 && at - from < 4 && ((unsigned char)s.ptr[from] & 0xC0) == 0x80) from--;
    return !unicode_is_letter(utf8_decode(s, &from));
}

/* Two pairs of figures stand right before ${at}: it is in the middle of a row. */
static bool in_row(const struct walk *w, size_t at) {
    for (unsigned pair = 0; pair < 2; pair++) {
        if (at < w->floor + 3 || !strchr(" .-/", w->text.ptr[at - 1])) return false;
        if (!ascii_is_digit(w->text.ptr[at - 2]) || !ascii_is_digit(w->text.ptr[at - 3])) return false;
        at -= 3;
    }
    return at == 0 || !ascii_is_digit(w->text.ptr[at - 1]);
}

static void on_digit(struct walk *w) {
    struct found found = {0};
    struct figures f;
    size_t at = w->i, end = at;
    while (end < w->text.len && ascii_is_digit(w->text.ptr[end])) end++;
    bool in_url = at < w->url_end;
    found.end = end;
    if (!in_url && settle(w, redact_iban(w->text, at, &found), &found)) return;
    if (!in_url && at > 0 && w->text.ptr[at - 1] == '=') {
        /* "nir=…", "ip=…": only what its own shape or key tells. */
        redact_figures(w->text, at, &f);
        if (settle(w, redact_nir(w->text, at, &found), &found)) return;
        if (settle(w, redact_card(w->text, at, &f, &found), &found)) return;
        if (settle(w, redact_ipv4(w->text, at, &found), &found)) return;
    }
    if (!in_url && begins(w, at)) {
        redact_figures(w->text, at, &f);
        if (settle(w, redact_nir(w->text, at, &found), &found)) return;
        if (settle(w, redact_card(w->text, at, &f, &found), &found)) return;
        if (settle(w, redact_firm(w->text, at, &f, &found), &found)) return;
        if (!in_row(w, at) && settle(w, redact_phone(w->text, at, &f, &found), &found)) return;
        bool abroad = w->text.ptr[at] == '0' || (at > 0 && w->text.ptr[at - 1] == '(');
        if (abroad && settle(w, redact_phone_abroad(w->text, at, &found), &found)) return;
        found.end = end;
        if (settle(w, redact_ipv4(w->text, at, &found), &found)) return;
    } else if (in_url && ascii_is_digit(w->text.ptr[at]) && at > 1 && w->text.ptr[at - 1] == '/') {
        found.end = end;
        if (settle(w, redact_ipv4(w->text, at, &found), &found)) return;
    }
    w->i = end;
}

/* A URL runs to white space, a quotation mark or a bracket. */
static size_t url_end(struct slice s, size_t at) {
    while (at < s.len && !ascii_is_space(s.ptr[at]) && !strchr("<>\"|", s.ptr[at])) at++;
    return at;
}

static void on_colon(struct walk *w) {
    struct found found = {0};
    size_t at = w->i++;
    if (slice_starts(slice_sub(w->text, at, w->text.len), slice_str("://")) && at >= w->url_end) w->url_end = url_end(w->text, at);
    if (w->i < w->text.len && (w->text.ptr[w->i] == ':' || ascii_is_alnum(w->text.ptr[w->i])))
        settle(w, redact_ipv6(w->text, at, w->floor, &found), &found);
}

static void on_plus(struct walk *w) {
    struct found found = {0};
    size_t at = w->i++;
    if (at < w->url_end || (at > 0 && ascii_is_alnum(w->text.ptr[at - 1]))) return;
    settle(w, redact_phone_abroad(w->text, at, &found), &found);
}

static void on_at(struct walk *w) {
    struct found found = {0};
    size_t at = w->i++;
    settle(w, redact_email(w->text, at, w->floor, at < w->url_end, &found), &found);
}

static void on_bracket(struct walk *w) {
    struct found found = {0};
    size_t at = w->i++;
    if (at >= w->url_end) settle(w, redact_email_hidden(w->text, at, w->floor, &found), &found);
}

/* The bytes at which a recogniser begins to look. */
static const bool is_sign[256] = {
    ['0'] = true, ['1'] = true, ['2'] = true, ['3'] = true, ['4'] = true, ['5'] = true, ['6'] = true, ['7'] = true,
    ['8'] = true, ['9'] = true, ['@'] = true, ['+'] = true, [':'] = true, ['('] = true, ['['] = true, ['{'] = true,
};

static void walk(struct walk *w) {
    while (!w->failed) {
        while (w->i < w->text.len && !is_sign[(unsigned char)w->text.ptr[w->i]]) w->i++;
        if (w->i >= w->text.len) return;
        switch (w->text.ptr[w->i]) {
        case '@': on_at(w); break;
        case '+': on_plus(w); break;
        case ':': on_colon(w); break;
        case '(':
        case '[':
        case '{': on_bracket(w); break;
        default: on_digit(w);
        }
    }
}

static void replace(struct slice text, const struct spans *masked, struct buf *out) {
    size_t from = 0;
    for (size_t i = 0; i < masked->n; i++) {
        buf_slice(out, slice_sub(text, from, masked->at[i].start));
        buf_str(out, redact_placeholder(masked->at[i].kind));
        from = masked->at[i].end;
    }
    buf_slice(out, slice_sub(text, from, text.len));
}

enum status redact_text(struct redactor *r, struct slice text, struct buf *out, struct redact_result *res) {
    struct walk w = {.r = r, .text = text};
    r->masked.n = r->flagged.n = 0;
    *res = (struct redact_result){0};
    walk(&w);
    if (w.failed) return ST_RETRY;
    if (out) {
        replace(text, &r->masked, out);
        if (!buf_ok(out)) return ST_RETRY;
    }
    *res = (struct redact_result){r->masked.at, r->masked.n, r->flagged.at, r->flagged.n};
    return ST_OK;
}
