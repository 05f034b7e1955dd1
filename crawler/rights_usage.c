/*
 * Content-Usage (draft-ietf-aipref-attach, -vocab): a structured-field dictionary.  The parser below is that of RFC 9651 4.2.2,
 * less what no preference uses: values are checked, not kept, unless they are the tokens y and n.
 */
#include "crawler/rights_parts.h"

struct cursor {
    struct slice s;
    size_t at;
};

static bool more(const struct cursor *c) { return c->at < c->s.len; }
static char peek(const struct cursor *c) { return more(c) ? c->s.ptr[c->at] : 0; }

static bool take(struct cursor *c, char want) {
    if (peek(c) != want || !more(c)) return false;
    c->at++;
    return true;
}

static void skip_sp(struct cursor *c) {
    while (more(c) && peek(c) == ' ') c->at++;
}

static void skip_ows(struct cursor *c) {
    while (more(c) && (peek(c) == ' ' || peek(c) == '\t')) c->at++;
}

static bool lower(char c) { return c >= 'a' && c <= 'z'; }

static bool key(struct cursor *c, struct slice *out) {
    size_t from = c->at;
    if (!lower(peek(c)) && peek(c) != '*') return false;
    while (more(c) && (lower(peek(c)) || ascii_is_digit(peek(c)) || strchr("_-.*", peek(c)))) c->at++;
    *out = slice_sub(c->s, from, c->at);
    return true;
}

static bool number(struct cursor *c) {
    size_t digits = 0, fraction = 0;
    take(c, '-');
    while (ascii_is_digit(peek(c))) c->at++, digits++;
    if (digits == 0 || digits > 15) return false;
    if (!take(c, '.')) return true;
    while (ascii_is_digit(peek(c))) c->at++, fraction++;
    return digits <= 12 && fraction >= 1 && fraction <= 3;
}

static bool string(struct cursor *c) {
    c->at++;
    while (more(c)) {
        char ch = peek(c);
        c->at++;
        if (ch == '"') return true;
        if (ch == '\\' && !take(c, '"') && !take(c, '\\')) return false;
        if ((unsigned char)ch < 0x20 || (unsigned char)ch >= 0x7f) return false;
    }
    return false;
}

static bool bytes(struct cursor *c) {
    c->at++;
    while (more(c) && (ascii_is_alnum(peek(c)) || strchr("+/=", peek(c)))) c->at++;
    return take(c, ':');
}

static bool token(struct cursor *c) {
    while (more(c) && (ascii_is_alnum(peek(c)) || strchr("!#$%&'*+-.^_`|~:/", peek(c)))) c->at++;
    return true;
}

static bool display_string(struct cursor *c) {
    c->at++;
    return peek(c) == '"' && string(c);
}

static bool boolean(struct cursor *c) {
    c->at++;
    return take(c, '0') || take(c, '1');
}

static bool date(struct cursor *c) {
    c->at++;
    return number(c);
}

static bool bare_item(struct cursor *c) {
    char ch = peek(c);
    if (ch == '-' || ascii_is_digit(ch)) return number(c);
    if (ch == '"') return string(c);
    if (ch == '?') return boolean(c);
    if (ch == ':') return bytes(c);
    if (ch == '@') return date(c);
    if (ch == '%') return display_string(c);
    return (ascii_is_alpha(ch) || ch == '*') && token(c);
}

static bool parameters(struct cursor *c) {
    struct slice name;
    while (take(c, ';')) {
        skip_sp(c);
        if (!key(c, &name)) return false;
        if (take(c, '=') && !bare_item(c)) return false;
    }
    return true;
}

static bool inner_list(struct cursor *c) {
    c->at++;
    for (;;) {
        skip_sp(c);
        if (take(c, ')')) return true;
        if (!bare_item(c) || !parameters(c)) return false;
        if (peek(c) != ' ' && peek(c) != ')') return false;
    }
}

/* The keys that speak of training, the more particular first. */
enum { KEY_TRAIN, KEY_GENAI, KEY_TDM, KEY_BOTS, KEYS };
static const char *const key_names[KEYS] = {"train-ai", "train-genai", "tdm", "bots"};

static enum rights_say say_of(struct slice value) {
    if (slice_eq_str(value, "n")) return RIGHTS_SAY_NO;
    return slice_eq_str(value, "y") ? RIGHTS_SAY_YES : RIGHTS_SAY_BAD;
}

/* One member; a later one of the same key replaces an earlier (RFC 9651 4.2.2 step 2.5). */
static bool member(struct cursor *c, enum rights_say says[KEYS]) {
    struct slice name, value = {"", 0};
    if (!key(c, &name)) return false;
    if (take(c, '=')) {
        size_t from = c->at;
        if (peek(c) == '(' ? !inner_list(c) : !bare_item(c)) return false;
        value = slice_sub(c->s, from, c->at);
    }
    if (!parameters(c)) return false;
    for (unsigned k = 0; k < KEYS; k++) {
        if (slice_eq_str(name, key_names[k])) says[k] = say_of(value);
    }
    return true;
}

enum rights_say rights_usage(struct slice value) {
    struct cursor c = {value, 0};
    enum rights_say says[KEYS] = {RIGHTS_SAY_NOTHING};
    skip_sp(&c);
    while (more(&c)) {
        if (!member(&c, says)) return RIGHTS_SAY_BAD;
        skip_ows(&c);
        if (!more(&c)) break;
        if (!take(&c, ',')) return RIGHTS_SAY_BAD;
        skip_ows(&c);
        if (!more(&c)) return RIGHTS_SAY_BAD;
    }
    enum rights_say best = RIGHTS_SAY_NOTHING;
    for (unsigned k = 0; k < KEY_BOTS; k++) {
        if (says[k] == RIGHTS_SAY_NO) return RIGHTS_SAY_NO;
        if (says[k] > best) best = says[k];
    }
    return best == RIGHTS_SAY_NOTHING ? says[KEY_BOTS] : best;
}

static bool signal_gap(char c) { return ascii_is_space(c) || c == ',' || c == ';'; }

static void skip_gap(struct cursor *c) {
    while (more(c) && signal_gap(peek(c))) c->at++;
}

static struct slice signal_word(struct cursor *c) {
    size_t from = c->at;
    while (more(c) && !signal_gap(peek(c)) && peek(c) != '=') c->at++;
    return slice_sub(c->s, from, c->at);
}

static bool is_one_of(struct slice word, const char *const *words) {
    for (; *words; words++) {
        if (slice_eq_nocase(word, slice_str(*words))) return true;
    }
    return false;
}

enum rights_say rights_content_signal(struct slice value) {
    static const char *const train[] = {"ai-train", "train-ai", "ai", NULL}, *const no[] = {"no", "n", NULL},
                             *const yes[] = {"yes", "y", NULL};
    enum rights_say say = RIGHTS_SAY_NOTHING;
    struct cursor c = {value, 0};
    for (skip_gap(&c); more(&c); skip_gap(&c)) {
        struct slice name = signal_word(&c);
        while (more(&c) && ascii_is_space(peek(&c))) c.at++;
        if (!take(&c, '=')) continue;
        while (more(&c) && ascii_is_space(peek(&c))) c.at++;
        struct slice v = signal_word(&c);
        if (!is_one_of(name, train)) continue;
        if (is_one_of(v, no)) return RIGHTS_SAY_NO;
        say = is_one_of(v, yes) ? RIGHTS_SAY_YES : RIGHTS_SAY_BAD;
    }
    return say;
}
