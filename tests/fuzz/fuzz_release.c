/* What a stranger's release says of itself: SHA256SUMS, manifest.json, versions.json, a signature, a public key. */
#include "base/limits.h"
#include "store/checksums.h"
#include "store/release_manifest.h"
#include "store/release_versions.h"
#include "store/sign.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void sums(struct slice s) {
    struct checksums c = {0}, again = {0};
    struct buf out = {0};
    if (checksums_parse(s, &c, NULL) == ST_OK) {
        checksums_write(&out, &c);
        if (checksums_parse(buf_view(&out), &again, NULL) != ST_OK || again.n != c.n) abort();
    }
    checksums_free(&c);
    checksums_free(&again);
    buf_free(&out);
}

static void manifest(struct slice s) {
    struct release_manifest m = {0}, again = {0};
    struct buf out = {0};
    if (release_manifest_read(s, &m, NULL) == ST_OK) {
        release_manifest_write(&out, &m);
        if (release_manifest_read(buf_view(&out), &again, NULL) != ST_OK || again.n_shards != m.n_shards) abort();
    }
    release_manifest_free(&m);
    release_manifest_free(&again);
    buf_free(&out);
}

static void versions(struct slice s) {
    struct release_versions v = {0}, again = {0};
    struct buf out = {0};
    if (release_versions_read(s, &v, NULL) == ST_OK) {
        release_versions_write(&out, &v);
        if (v.n && (release_versions_read(buf_view(&out), &again, NULL) != ST_OK || again.n != v.n)) abort();
    }
    release_versions_free(&v);
    release_versions_free(&again);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice s = slice_of((const char *)data, size);
    struct sign_public pub = {{0}, {0}};
    sums(s);
    manifest(s);
    versions(s);
    if (sign_read_public(s, &pub, NULL) == ST_OK && sign_verify(&pub, s, s, NULL, NULL) == ST_OK) abort();
    if (sign_verify(&pub, slice_of("x", 1), s, NULL, NULL) == ST_OK) abort();
    return 0;
}
