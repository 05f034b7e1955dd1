#ifndef VILLERS_STORE_SIGN_H
#define VILLERS_STORE_SIGN_H
/*
 * Signatures in minisign's format (https://jedisct1.github.io/minisign/), so that `minisign -Vm FILE -p minisign.pub` checks
 * what we sign without us.  sign.c is the one file that knows libsodium's Ed25519, BLAKE2b and scrypt.
 *
 *   public key   untrusted comment line, then base64("Ed" | key id (8) | Ed25519 public key (32))
 *   secret key   untrusted comment line, then base64("Ed" | kdf "Sc" or 00 00 | "B2" | salt (32) | opslimit (8, LE) | memlimit (8, LE) |
 *                (key id (8) | Ed25519 secret key (64) | BLAKE2b-256 of "Ed", key id, secret key) xor the kdf's stream)
 *   signature    untrusted comment line, base64("ED" | key id (8) | Ed25519(BLAKE2b-512(file))), "trusted comment: " text line,
 *                base64(Ed25519(signature (64) | text))
 *
 * Signing is deterministic (RFC 8032): the same file, comment and key give the same bytes.  Thread-safe.
 */
#include "base/buf.h"

#define SIGN_SUFFIX ".minisig"
#define SIGN_PUBLIC_FILE "minisign.pub"
#define SIGN_SECRET_FILE "minisign.key"

struct sign_public {
    unsigned char id[8];
    unsigned char key[32];
};
struct sign_secret {
    unsigned char id[8];
    unsigned char key[64];
};

/** sign_keygen(pub, sec): a fresh pair from libsodium's generator. */
void sign_keygen(struct sign_public *pub, struct sign_secret *sec);
/** sign_public_of(sec): the public half of ${sec}. */
struct sign_public sign_public_of(const struct sign_secret *sec);
/** sign_wipe(sec): forget the key; do it before the struct goes out of scope. */
void sign_wipe(struct sign_secret *sec);

/** sign_write_public(out, pub): append the key file's text. */
void sign_write_public(struct buf *out, const struct sign_public *pub);
/** sign_write_secret(out, sec, password, err): append the key file's text; an empty ${password} leaves it unencrypted (as minisign -W).
 *  With one, scrypt at libsodium's interactive limits: about 16 MB and 0.1 s. */
enum status sign_write_secret(struct buf *out, const struct sign_secret *sec, struct slice password, struct buf *err) MUST_CHECK;
/** sign_read_public(text, pub, err): a key file's text, or the base64 line alone.  SKIP when it is not one. */
enum status sign_read_public(struct slice text, struct sign_public *pub, struct buf *err) MUST_CHECK;
/** sign_read_secret(text, password, sec, err): SKIP when it is not one, RETRY when it wants another password. */
enum status sign_read_secret(struct slice text, struct slice password, struct sign_secret *sec, struct buf *err) MUST_CHECK;

/** sign_bytes(out, sec, bytes, comment): append the signature file of ${bytes}; ${comment} is one line and is signed too. */
void sign_bytes(struct buf *out, const struct sign_secret *sec, struct slice bytes, const char *comment);
/**
 * sign_verify(pub, bytes, signature, comment, err):
 * Check the signature file ${signature} of ${bytes}.  On OK append the trusted comment to ${comment} (may be NULL).  SKIP with the
 * reason when it does not hold.
 */
enum status sign_verify(const struct sign_public *pub, struct slice bytes, struct slice signature, struct buf *comment,
                        struct buf *err) MUST_CHECK;
/** sign_id_hex(id, out): the key id as minisign prints it: 16 upper-case hex digits, most significant byte first. */
void sign_id_hex(const unsigned char id[8], char out[17]);

#endif
