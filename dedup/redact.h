#ifndef VILLERS_DEDUP_REDACT_H
#define VILLERS_DEDUP_REDACT_H
/*
 * Personal data in French text, replaced by a typed placeholder ("[EMAIL]").  What has a checksum is masked only when it holds:
 * NIR (key 97 - N mod 97), IBAN (ISO 13616, mod 97), cards (Luhn, ISO/IEC 7812).  Public IPv4 and IPv6 addresses are masked,
 * private ones are not.  SIREN and SIRET identify firms and are public: found, never masked.
 */
#include "base/buf.h"

enum redact_kind {
    REDACT_NIR,
    REDACT_IBAN,
    REDACT_PHONE,
    REDACT_EMAIL,
    REDACT_IP,
    REDACT_CARD,
    REDACT_SIREN,
    REDACT_SIRET,
    REDACT_KINDS
};

struct redact_span {
    enum redact_kind kind;
    size_t start, end; /* bytes of the input text, end exclusive */
};
struct redact_result {
    const struct redact_span *masked; /* sorted, disjoint; borrowed until the next call for the same redactor */
    size_t n_masked;
    const struct redact_span *flagged; /* SIREN and SIRET, untouched; the same life */
    size_t n_flagged;
};

struct redactor; /* scratch, one a worker */
struct redactor *redact_new(void);
void redact_free(struct redactor *r);
/**
 * redact_text(r, text, out, res):
 * Append ${text} to ${out} (NULL: only find) with what is personal replaced.  Any bytes.  RETRY without memory, past ${out}'s
 * cap or past LIMIT_REDACT_SPANS.  O(len).
 */
enum status redact_text(struct redactor *r, struct slice text, struct buf *out, struct redact_result *res) MUST_CHECK;
/** redact_name(kind): "nir", "iban", "phone", "email", "ip", "card", "siren", "siret"; static. */
const char *redact_name(enum redact_kind kind);
/** redact_placeholder(kind): "[EMAIL]"; static. */
const char *redact_placeholder(enum redact_kind kind);

#endif
