#include "crawler/url_params.h"

/*
 * Each name is documented by the service that adds it as a campaign, click or session mark, and never selects content.
 * Names that also occur with a meaning of their own ("ref", "source", "s", "sid") are left alone, or taken out only with a
 * value that is a session key ("=#").  In lower case, sorted within each line.
 */
static const char *const default_params[] = {
    "utm_*", /* Urchin and Google Analytics campaigns */
    "_ga",
    "_gl",
    "gad_campaignid",
    "gad_source",
    "gbraid",
    "gclid",
    "gclsrc",
    "dclid",
    "srsltid",
    "wbraid", /* Google Ads */
    "fbclid",
    "igsh",
    "igshid",
    "li_fat_id",
    "msclkid",
    "ttclid",
    "twclid",
    "yclid",
    "ysclid",
    "_openstat", /* click ids */
    "xtor",
    "xtref",
    "xtcr",
    "xtmc",
    "xtnp", /* AT Internet, older */
    "at_medium",
    "at_campaign",
    "at_campaign_type",
    "at_custom1",
    "at_custom2",
    "at_custom3",
    "at_custom4",
    "at_creation",
    "at_variant",
    "at_send_date",
    "at_emailtype",
    "at_recipient_id",
    "at_recipient_list",
    "at_format",
    "at_general_placement",
    "at_link",
    "at_link_id",
    "at_link_origin",
    "at_link_type",
    "at_network",
    "at_platform",
    "at_ptr_name", /* Piano */
    "pk_campaign",
    "pk_content",
    "pk_cid",
    "pk_keyword",
    "pk_kwd",
    "pk_medium",
    "pk_source", /* Piwik */
    "piwik_campaign",
    "piwik_keyword",
    "piwik_kwd",
    "matomo_campaign",
    "matomo_kwd",
    "mtm_*", /* Matomo */
    "__hsfp",
    "__hssc",
    "__hstc",
    "_hsenc",
    "_hsmi",
    "hsctatracking",
    "hsa_*", /* HubSpot */
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "oly_anon_id",
    "oly_enc_id",
    "vero_id",
    "wickedid",
    "ml_subscriber",
    "ml_subscriber_hash",
    "wt_mc",
    "wt_zmc",
    "s_cid",
    "ncid", /* mailings and other meters */
    "jsessionid",
    "phpsessid",
    "aspsessionid*",
    "asp.net_sessionid",
    "cfid",
    "cftoken",
    "oscsid",
    "zenid",
    "sessionid",
    "session_id",
    "sessid",
    "phpsession", /* sessions in the address */
    "sid=#",
    "s=#",
    "session=#", /* phpBB, vBulletin: a key of hex digits */
};

const char *const *url_default_params(size_t *n) {
    *n = sizeof default_params / sizeof *default_params;
    return default_params;
}

/* Session keys of forums are MD5-like; anything shorter might be a word or a number. */
static bool is_session_key(struct slice value) {
    if (value.len < 24) return false;
    for (size_t i = 0; i < value.len; i++) {
        char c = ascii_lower(value.ptr[i]);
        if (!ascii_is_digit(c) && !(c >= 'a' && c <= 'f')) return false;
    }
    return true;
}

static bool matches(struct slice pattern, struct slice name, struct slice value) {
    if (pattern.len && pattern.ptr[pattern.len - 1] == '*')
        return slice_starts_nocase(name, slice_sub(pattern, 0, pattern.len - 1));
    if (slice_ends(pattern, slice_str("=#")))
        return slice_eq_nocase(name, slice_sub(pattern, 0, pattern.len - 2)) && is_session_key(value);
    return slice_eq_nocase(name, pattern);
}

bool url_param_stripped(const struct url_options *opt, struct slice name, struct slice value) {
    size_t n;
    const char *const *list = url_default_params(&n);
    if (opt && opt->strip) {
        list = opt->strip;
        n = opt->n_strip;
    }
    char first = name.len ? ascii_lower(name.ptr[0]) : 0;
    for (size_t i = 0; i < n; i++) {
        if (list[i][0] != '*' && ascii_lower(list[i][0]) != first) continue;
        if (matches(slice_str(list[i]), name, value)) return true;
    }
    return false;
}
