#include "crawler/extract_weigh.h"
#include <math.h>

#define ALWAYS 1e30f

/* When from <= row[feature] < below, the points count. */
struct rule {
    short feature;
    float from, below, points;
};

#define NEAR(cue) (F_near_cues + CUE_##cue)
#define PATH(cue) (F_path_cues + CUE_##cue)
#define IN(place) (F_places + PLACE_##place)
#define IS 0.5f, ALWAYS

static const struct rule rules[] = {
    /* Its own text: prose is long, punctuated, full of function words, and not linked. */
    {F_bytes, 0, 25, -0.5f},
    {F_bytes, 60, 120, 0.3f},
    {F_bytes, 120, 300, 0.8f},
    {F_bytes, 300, ALWAYS, 1.3f},
    {F_punct, 1, 2, 0.2f},
    {F_punct, 2, ALWAYS, 0.5f},
    {F_ends_sentence, IS, 0.6f},
    {F_stops, 0, 0.08f, -0.5f},
    {F_stops, 0.2f, 0.3f, 0.4f},
    {F_stops, 0.3f, ALWAYS, 0.7f},
    {F_link_density, 0.15f, 0.33f, -0.4f},
    {F_link_density, 0.33f, 0.6f, -1.6f},
    {F_link_density, 0.6f, ALWAYS, -3.5f},
    {F_upper, 0.4f, ALWAYS, -0.5f},
    {F_digits, 0.25f, ALWAYS, -0.7f},
    /* What it talks about: the site, its owner, the story's making. */
    {F_promo, 0.08f, 0.2f, -1.0f},
    {F_promo, 0.2f, ALWAYS, -2.5f},
    {F_has_copyright, 1, ALWAYS, -1.0f},
    {F_meta, 0.12f, ALWAYS, -1.0f},
    /* Its element. */
    {F_is_p, IS, 0.6f},
    {F_is_pre, IS, 0.8f},
    {F_is_cell, IS, -0.5f},
    {F_is_other, IS, -0.3f},
    {F_heading_level, 1, 2, -1.5f},
    {F_same_title, IS, -2.0f},
    /* Where the page's prose is, and whether this is there. */
    {F_in_top, IS, 0.9f},
    {F_in_top75, IS, 0.7f},
    {F_in_top90, IS, 0.5f},
    {F_parent_good, 0.5f, 0.8f, 0.6f},
    {F_parent_good, 0.8f, ALWAYS, 1.0f},
    {F_grand_good, 0.6f, ALWAYS, 0.4f},
    {F_parent_links, 0.4f, 0.7f, -0.7f},
    {F_parent_links, 0.7f, ALWAYS, -1.2f},
    {F_grand_links, 0.5f, ALWAYS, -0.6f},
    {F_parent_share, 0.3f, ALWAYS, 0.4f},
    {F_group_links, 0.5f, ALWAYS, -0.6f},
    {F_group_bytes, 150, ALWAYS, 0.3f},
    {F_is_date, IS, -2.5f},
    {F_in_comment, IS, -8.0f},
    {F_in_card, IS, -6.0f},
    {F_outside_main, IS, -2.2f},
    {F_outside_article, IS, -1.6f},
    {F_before_good, 0, 0.001f, -0.3f},
    {F_after_good, 0, 0.001f, -0.6f},
    /* What the markup calls it. */
    {IN(NAV), IS, -3.0f},
    {IN(FOOTER), IS, -3.5f},
    {IN(ASIDE), IS, -2.5f},
    {IN(HEADER), IS, -0.6f},
    {IN(FORM), IS, -0.8f},
    {IN(HIDDEN), IS, -0.8f},
    {IN(ARTICLE), IS, 0.4f},
    {IN(MAIN), IS, 0.3f},
    {IN(QUOTE), IS, 0.3f},
    {IN(ITEMPROP), IS, 1.2f},
    {NEAR(BODY), IS, 0.6f},
    {PATH(BODY), IS, 0.4f},
    {PATH(ARTICLE), IS, 0.2f},
    {NEAR(META), IS, -1.8f},
    {NEAR(AUTHOR), IS, -1.0f},
    {PATH(AUTHOR), IS, -2.0f},
    {NEAR(CAPTION), IS, -4.0f},
    {NEAR(SHARE), IS, -2.2f},
    {NEAR(LISTING), IS, -0.6f},
    {PATH(COMMENT), IS, -4.0f},
    {PATH(SHARE), IS, -0.6f},
    {PATH(RELATED), IS, -4.0f},
    {PATH(LISTING), IS, -0.3f},
    {PATH(NAV), IS, -1.3f},
    {PATH(HEADER), IS, -0.4f},
    {PATH(FOOTER), IS, -1.6f},
    {PATH(SIDE), IS, -2.0f},
    {NEAR(SLOT), IS, -0.4f},
    {PATH(COOKIE), IS, -3.0f},
    {PATH(CONSENT), IS, -0.9f},
    {PATH(AD), IS, -1.4f},
    {PATH(SIGNUP), IS, -3.0f},
    {PATH(HIDDEN), IS, -0.5f},
};

#define BASE (-3.2f)

/* Far from the prose, but where the page says that its text is, lines before the first section are at home. */
static float outside(const float *row) {
    if (row[F_in_top90] > 0) return 0;
    return row[IN(MAIN)] > 0 || row[PATH(CORE)] > 0 ? -1.0f : -2.0f;
}

/* A heading is worth what follows it. */
static float heading(const float *row) {
    if (row[F_is_heading] <= 0) return 0;
    bool prose = row[F_next_text_bytes] >= 80 && row[F_next_text_links] < 0.3f;
    return prose && row[F_in_top90] > 0 ? 1.6f : -0.8f;
}

/* A short line between long ones belongs to them; one beside lists of links does not. */
static float neighbours(const float *row) {
    if (row[F_bytes] >= 120 || row[F_is_heading] > 0) return 0;
    float points = 0;
    if (row[F_prev_bytes] >= 100 && row[F_prev_links] < 0.3f) points += 0.4f;
    if (row[F_next_bytes] >= 100 && row[F_next_links] < 0.3f) points += 0.4f;
    if (row[F_prev_links] > 0.5f) points -= 0.3f;
    if (row[F_next_links] > 0.5f) points -= 0.3f;
    return points;
}

/* A list or a table amid the prose is a part of it. */
static float list_in_prose(const float *row) {
    if (row[F_is_item] <= 0 && row[F_is_cell] <= 0) return 0;
    return row[F_in_top75] > 0 && row[F_group_links] < 0.3f && row[F_grand_good] > 0.2f ? 0.7f : -0.2f;
}

/* The summary above a text is a part of it; that on a card is another page's. */
static float lead(const float *row) {
    if (row[NEAR(LEAD)] <= 0) return 0;
    return row[NEAR(LISTING)] > 0 || row[PATH(RELATED)] > 0 ? -0.8f : 1.2f;
}

/* A figure's words are its caption, unless it frames a table or a listing. */
static float figure(const float *row) {
    if (row[IN(FIGURE)] <= 0) return 0;
    return row[F_is_cell] > 0 || row[F_is_pre] > 0 ? 0 : -4.5f;
}

/* In the element that is named as the text's, what is neither linked nor named otherwise is text, however short. */
static float core(const float *row) {
    if (row[PATH(CORE)] <= 0 && row[IN(ITEMPROP)] <= 0) return 0;
    return row[F_link_density] < 0.15f && row[F_is_heading] <= 0 ? 0.9f : 0;
}

/* The same notice before each embedded thing; but laws and forms repeat themselves too. */
static float copies(const float *row) {
    if (row[F_copies] < 2) return 0;
    bool notice = row[F_promo] > 0.04f || row[NEAR(SHARE)] > 0 || row[NEAR(SIGNUP)] > 0 || row[NEAR(CONSENT)] > 0 ||
                  row[NEAR(AD)] > 0 || row[NEAR(CAPTION)] > 0;
    return notice ? -4.0f : 0;
}

/* A line that invites elsewhere, alone or with its links; a picture's credit. */
static float opening(const float *row) {
    if (row[F_opening] <= 0) return 0;
    if (row[F_opening] > OPENING_INVITES) return row[F_bytes] < 160 ? -3.0f : 0;
    return row[F_link_density] > 0.25f || row[F_bytes] < 100 ? -3.0f : -0.8f;
}

float extract_weigh(const float *row) {
    float points = BASE + outside(row) + heading(row) + neighbours(row) + list_in_prose(row) + lead(row) + figure(row) + core(row) +
                   opening(row) + copies(row) + 3.0f * row[F_standfirst];
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const struct rule *r = &rules[i];
        if (row[r->feature] >= r->from && row[r->feature] < r->below) points += r->points;
    }
    return 1 / (1 + expf(-points));
}
