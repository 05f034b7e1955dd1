/* Any bytes: a signature is made, the same when cut text is signed again, and survives being packed.  The first byte is the options. */
#include "dedup/signature.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok) {
    if (!ok) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct signature a, b;
    if (size == 0) return 0;
    struct signature_options o = {.keep_figures = data[0] & 1, .ngram = 1 + data[0] / 2 % 8, .groupings = 1 + data[0] / 16 % 4};
    struct signer *s = signer_new(&o);
    require(s != NULL);
    struct slice text = slice_of((const char *)data + 1, size - 1);
    require(signer_sign(s, text, &a, NULL) == ST_OK);
    require(signer_sign(s, text, &b, NULL) == ST_OK);
    require(a.exact == b.exact && a.n_sketch == b.n_sketch && (a.words == 0) == (a.shingles == 0));
    for (unsigned i = 1; i < a.n_sketch; i++) require(a.sketch[i - 1] < a.sketch[i]);
    require(signature_similarity(a.sketch, a.n_sketch, b.sketch, b.n_sketch) == 1);
    struct buf packed;
    buf_init(&packed, 0);
    signature_pack(&packed, &a);
    struct slice rest = buf_view(&packed);
    require(signature_unpack(&rest, &b) && rest.len == 0 && b.exact == a.exact);
    rest = text;
    while (signature_unpack(&rest, &b)) {}
    buf_free(&packed);
    signer_free(s);
    return 0;
}
