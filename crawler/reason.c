#include "crawler/reason.h"

static const struct {
    const char *name, *text;
    enum reason_kind kind;
} reasons[] = {
#define REASON_ROW(id, name, kind, text) {name, text, REASON_KIND_##kind},
    REASON_LIST(REASON_ROW)
#undef REASON_ROW
};

const char *reason_name(enum reason r) { return r < REASON_N ? reasons[r].name : "?"; }
const char *reason_text(enum reason r) { return r < REASON_N ? reasons[r].text : "?"; }
enum reason_kind reason_kind(enum reason r) { return r < REASON_N ? reasons[r].kind : REASON_KIND_FAILED; }

enum reason reason_from_name(struct slice name) {
    for (unsigned i = 0; i < REASON_N; i++)
        if (slice_eq_str(name, reasons[i].name)) return (enum reason)i;
    return REASON_N;
}
