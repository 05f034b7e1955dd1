#include "store/sign.h"
#include "base/limits.h"
#include <sodium.h>

#define UNTRUSTED "untrusted comment: "
#define TRUSTED "trusted comment: "

struct packed_public {
    unsigned char alg[2], id[8], key[32];
};
struct packed_signature {
    unsigned char alg[2], id[8], sig[64];
};
struct packed_secret {
    unsigned char alg[2], kdf[2], checksum_alg[2], salt[32], ops[8], mem[8];
    struct hidden_part {
        unsigned char id[8], key[64], checksum[32];
    } hidden;
};
_Static_assert(sizeof(struct packed_public) == 42, "minisign public key");
_Static_assert(sizeof(struct packed_signature) == 74, "minisign signature");
_Static_assert(sizeof(struct packed_secret) == 158, "minisign secret key");

static void put_base64(struct buf *out, const void *bytes, size_t n) {
    char text[512];
    sodium_bin2base64(text, sizeof text, bytes, n, sodium_base64_VARIANT_ORIGINAL);
    buf_str(out, text);
    buf_char(out, '\n');
    sodium_memzero(text, sizeof text);
}

/* Line ${k} of ${text}, without its end; the empty slice when there is none. */
static struct slice line_of(struct slice text, unsigned k) {
    struct slice line = {"", 0};
    for (unsigned i = 0; i <= k; i++)
        if (!slice_cut(&text, '\n', &line)) return slice_of("", 0);
    if (line.len && line.ptr[line.len - 1] == '\r') line.len--;
    return line;
}

static bool get_base64(struct slice line, void *bytes, size_t n) {
    size_t got = 0;
    return sodium_base642bin(bytes, n, line.ptr, line.len, NULL, &got, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 && got == n;
}

void sign_id_hex(const unsigned char id[8], char out[17]) {
    static const char digits[] = "0123456789ABCDEF";
    for (int i = 0; i < 8; i++) {
        out[2 * i] = digits[id[7 - i] >> 4];
        out[2 * i + 1] = digits[id[7 - i] & 15];
    }
    out[16] = '\0';
}

void sign_keygen(struct sign_public *pub, struct sign_secret *sec) {
    randombytes_buf(sec->id, sizeof sec->id);
    crypto_sign_keypair(pub->key, sec->key);
    memcpy(pub->id, sec->id, sizeof pub->id);
}

struct sign_public sign_public_of(const struct sign_secret *sec) {
    struct sign_public pub;
    memcpy(pub.id, sec->id, sizeof pub.id);
    crypto_sign_ed25519_sk_to_pk(pub.key, sec->key);
    return pub;
}

void sign_wipe(struct sign_secret *sec) { sodium_memzero(sec, sizeof *sec); }

void sign_write_public(struct buf *out, const struct sign_public *pub) {
    struct packed_public p = {.alg = {'E', 'd'}};
    char hex[17];
    memcpy(p.id, pub->id, sizeof p.id);
    memcpy(p.key, pub->key, sizeof p.key);
    sign_id_hex(pub->id, hex);
    buf_printf(out, UNTRUSTED "minisign public key %s\n", hex);
    put_base64(out, &p, sizeof p);
}

static void checksum_of(const struct packed_secret *p, unsigned char out[32]) {
    crypto_generichash_state h;
    crypto_generichash_init(&h, NULL, 0, 32);
    crypto_generichash_update(&h, p->alg, sizeof p->alg);
    crypto_generichash_update(&h, p->hidden.id, sizeof p->hidden.id);
    crypto_generichash_update(&h, p->hidden.key, sizeof p->hidden.key);
    crypto_generichash_final(&h, out, 32);
}

static uint64_t get_le64(const unsigned char b[8]) {
    uint64_t v = 0;
    for (int i = 7; i >= 0; i--) v = v << 8 | b[i];
    return v;
}

static void put_le64(unsigned char b[8], uint64_t v) {
    for (int i = 0; i < 8; i++) b[i] = (unsigned char)(v >> (8 * i));
}

/* Exclusive-or the hidden part with scrypt's stream; its own inverse. */
static enum status mask(struct packed_secret *p, struct slice password, struct buf *err) {
    unsigned char stream[sizeof p->hidden];
    uint64_t ops = get_le64(p->ops), mem = get_le64(p->mem);
    if (ops > crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_SENSITIVE || mem > crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_SENSITIVE)
        return fail(err, ST_SKIP, "secret key: scrypt limits out of range");
    if (crypto_pwhash_scryptsalsa208sha256(stream, sizeof stream, password.ptr, password.len, p->salt, ops, (size_t)mem) != 0)
        return fail(err, ST_FATAL, "secret key: out of memory for scrypt");
    unsigned char *bytes = (unsigned char *)&p->hidden;
    for (size_t i = 0; i < sizeof stream; i++) bytes[i] ^= stream[i];
    sodium_memzero(stream, sizeof stream);
    return ST_OK;
}

enum status sign_write_secret(struct buf *out, const struct sign_secret *sec, struct slice password, struct buf *err) {
    struct packed_secret p = {.alg = {'E', 'd'}, .checksum_alg = {'B', '2'}};
    enum status st = ST_OK;
    memcpy(p.hidden.id, sec->id, sizeof sec->id);
    memcpy(p.hidden.key, sec->key, sizeof sec->key);
    checksum_of(&p, p.hidden.checksum);
    if (password.len) {
        memcpy(p.kdf, "Sc", 2);
        randombytes_buf(p.salt, sizeof p.salt);
        put_le64(p.ops, crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_INTERACTIVE);
        put_le64(p.mem, crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_INTERACTIVE);
        st = mask(&p, password, err);
    }
    if (st == ST_OK) {
        buf_str(out, UNTRUSTED "minisign secret key\n");
        put_base64(out, &p, sizeof p);
    }
    sodium_memzero(&p, sizeof p);
    return st;
}

enum status sign_read_public(struct slice text, struct sign_public *pub, struct buf *err) {
    struct packed_public p;
    text = slice_trim(text);
    struct slice line = slice_starts(text, slice_str(UNTRUSTED)) ? slice_trim(line_of(text, 1)) : text;
    if (!get_base64(line, &p, sizeof p) || memcmp(p.alg, "Ed", 2) != 0) return fail(err, ST_SKIP, "not a minisign public key");
    memcpy(pub->id, p.id, sizeof pub->id);
    memcpy(pub->key, p.key, sizeof pub->key);
    return ST_OK;
}

enum status sign_read_secret(struct slice text, struct slice password, struct sign_secret *sec, struct buf *err) {
    struct packed_secret p;
    unsigned char sum[32];
    if (!get_base64(slice_trim(line_of(text, 1)), &p, sizeof p) || memcmp(p.alg, "Ed", 2) != 0 ||
        memcmp(p.checksum_alg, "B2", 2) != 0)
        return fail(err, ST_SKIP, "not a minisign secret key");
    enum status st = ST_OK;
    if (!memcmp(p.kdf, "Sc", 2))
        st = mask(&p, password, err);
    else if (memcmp(p.kdf, "\0\0", 2) != 0)
        st = fail(err, ST_SKIP, "secret key: unknown key derivation");
    checksum_of(&p, sum);
    if (st == ST_OK && sodium_memcmp(sum, p.hidden.checksum, sizeof sum) != 0)
        st = fail(err, ST_RETRY, "wrong password for the secret key");
    if (st == ST_OK) {
        memcpy(sec->id, p.hidden.id, sizeof sec->id);
        memcpy(sec->key, p.hidden.key, sizeof sec->key);
    }
    sodium_memzero(&p, sizeof p);
    return st;
}

/* Ed25519 over the 64 bytes of ${sig} and the trusted comment's text. */
static void bind_comment(struct buf *signed_part, const unsigned char sig[64], struct slice comment) {
    buf_append(signed_part, sig, 64);
    buf_slice(signed_part, comment);
}

void sign_bytes(struct buf *out, const struct sign_secret *sec, struct slice bytes, const char *comment) {
    struct packed_signature s = {.alg = {'E', 'D'}};
    unsigned char hash[64], global[64];
    struct buf both = {.max = LIMIT_LINE};
    memcpy(s.id, sec->id, sizeof s.id);
    crypto_generichash(hash, sizeof hash, (const unsigned char *)bytes.ptr, bytes.len, NULL, 0);
    crypto_sign_detached(s.sig, NULL, hash, sizeof hash, sec->key);
    bind_comment(&both, s.sig, slice_str(comment));
    if (!buf_ok(&both)) out->failed = true;
    crypto_sign_detached(global, NULL, (const unsigned char *)buf_cstr(&both), both.len, sec->key);
    buf_str(out, UNTRUSTED "signature from minisign secret key\n");
    put_base64(out, &s, sizeof s);
    buf_printf(out, TRUSTED "%s\n", comment);
    put_base64(out, global, sizeof global);
    buf_free(&both);
}

static bool hash_matches(const struct sign_public *pub, const struct packed_signature *s, struct slice bytes) {
    unsigned char hash[64];
    if (!memcmp(s->alg, "Ed", 2)) /* minisign's legacy form: the file itself is signed */
        return crypto_sign_verify_detached(s->sig, (const unsigned char *)bytes.ptr, bytes.len, pub->key) == 0;
    if (memcmp(s->alg, "ED", 2) != 0) return false;
    crypto_generichash(hash, sizeof hash, (const unsigned char *)bytes.ptr, bytes.len, NULL, 0);
    return crypto_sign_verify_detached(s->sig, hash, sizeof hash, pub->key) == 0;
}

enum status sign_verify(const struct sign_public *pub, struct slice bytes, struct slice signature, struct buf *comment,
                        struct buf *err) {
    struct packed_signature s;
    unsigned char global[64];
    char want[17], got[17];
    struct slice trusted = line_of(signature, 2);
    if (!get_base64(slice_trim(line_of(signature, 1)), &s, sizeof s) ||
        !get_base64(slice_trim(line_of(signature, 3)), global, sizeof global) || !slice_starts(trusted, slice_str(TRUSTED)))
        return fail(err, ST_SKIP, "not a minisign signature");
    sign_id_hex(pub->id, want);
    sign_id_hex(s.id, got);
    if (memcmp(pub->id, s.id, sizeof s.id) != 0) return fail(err, ST_SKIP, "signed by key %s, not by %s", got, want);
    if (!hash_matches(pub, &s, bytes)) return fail(err, ST_SKIP, "the signature does not match the file");
    trusted = slice_sub(trusted, sizeof TRUSTED - 1, trusted.len);
    struct buf both = {.max = LIMIT_LINE};
    bind_comment(&both, s.sig, trusted);
    bool good =
        buf_ok(&both) && crypto_sign_verify_detached(global, (const unsigned char *)buf_cstr(&both), both.len, pub->key) == 0;
    buf_free(&both);
    if (!good) return fail(err, ST_SKIP, "the signature's trusted comment was changed");
    if (comment) buf_slice(comment, trusted);
    return ST_OK;
}
