/* Wikitext alone, and as the text of a page of a dump. */
#include "crawler/wikitext.h"
#include "tests/fuzz/ingest_under_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice s = slice_of((const char *)data, size);
    struct wikitext *w = wikitext_new();
    struct buf out = {0};
    if (w) (void)!wikitext_text(w, s, &out);
    wikitext_free(w);
    buf_free(&out);
    ingest_fuzz(&ingest_wikimedia, slice_str("<base>https://fr.wikipedia.org/wiki/A</base>"), s);
    return 0;
}
