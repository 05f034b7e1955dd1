#ifndef VILLERS_BASE_UTF8_H
#define VILLERS_BASE_UTF8_H
/*
 * UTF-8 as RFC 3629 and Unicode 15 section 3.9 define it: no overlong form, no surrogate, nothing past U+10FFFF.
 * utf8.c uses no library; utf8_valid() is simdjson's, in json_in.cc; unicode.c (NFC, classes, case) is the one file that knows utf8proc.
 */
#include "base/buf.h"

/** utf8_valid_prefix(s): how many leading bytes of ${s} are valid, whole sequences. */
size_t utf8_valid_prefix(struct slice s);
/** utf8_valid(s): all of ${s} is; the quick way to ask. */
bool utf8_valid(struct slice s);

/**
 * utf8_decode(s, at):
 * The code point at *${at}, which moves past it.  A bad sequence gives U+FFFD and moves past its maximal subpart
 * (WHATWG Encoding).  Requires *${at} < s.len.
 */
uint32_t utf8_decode(struct slice s, size_t *at);
/** utf8_encode(b, cp): append ${cp}; a surrogate or out-of-range value becomes U+FFFD. */
void utf8_encode(struct buf *b, uint32_t cp);
/** utf8_repair(out, s): append ${s} with each bad sequence replaced by U+FFFD; returns how many there were. */
size_t utf8_repair(struct buf *out, struct slice s);

/** unicode_nfc(out, s): append ${s} (valid UTF-8) in NFC, Unicode 15 annex 15, but that a run of more than 256 marks is
 *  composed in parts.  SKIP when utf8proc refuses it.  O(len). */
enum status unicode_nfc(struct buf *out, struct slice s) MUST_CHECK;
/** unicode_is_*: general categories L*, N*, Mn, P* or S*, Z* or white-space controls. */
bool unicode_is_letter(uint32_t cp);
bool unicode_is_number(uint32_t cp);
/** unicode_is_decimal(cp): Nd alone, of the N* that unicode_is_number() tells. */
bool unicode_is_decimal(uint32_t cp);
bool unicode_is_mark(uint32_t cp);
bool unicode_is_punct(uint32_t cp);
bool unicode_is_space(uint32_t cp);
/** unicode_is_icon(cp): category So, the pictures among the symbols. */
bool unicode_is_icon(uint32_t cp);
bool unicode_is_upper(uint32_t cp);
/** unicode_lower(cp): simple lower-case mapping. */
uint32_t unicode_lower(uint32_t cp);
/** unicode_decompose(cp, out): canonical decomposition (NFD) of one code point; how many were written, 1 to 4. */
unsigned unicode_decompose(uint32_t cp, uint32_t out[4]);
/** unicode_fold(out, s): append ${s} lower-cased, NFD, marks (Mn) dropped. */
void unicode_fold(struct buf *out, struct slice s);

#endif
