/*
 * The rows that tests/bench/extract/train.py learns from: the features of every block of the pages of a list.
 *
 *     rows LIST BLOCKS.jsonl ROWS.bin      BLOCKS: {"file","blocks":[text…],"group":[int…]} a page; ROWS: FEATURES floats a block
 *     rows --names                         the features' names, one a line
 */
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "crawler/charset.h"
#include "crawler/extract_features.h"
#include "crawler/page.h"
#include "crawler/page_strip.h"
#include <stdio.h>
#include <stdlib.h>

struct bench {
    struct features features;
    struct blocks blocks;
    struct page_tree tree;
    struct page_reader *reader;
    struct buf body, utf8, clean, line, err;
};

static void print_names(void) {
#define X(name) puts(#name);
    EXTRACT_OWN_FEATURES(X)
    EXTRACT_PLACE_FEATURES(X) EXTRACT_NEAR_FEATURES(X)
#undef X
#define X(name) puts("near_" #name);
        EXTRACT_CUES(X)
#undef X
#define X(name) puts("path_" #name);
            EXTRACT_CUES(X)
#undef X
#define X(name) puts("in_" #name);
                EXTRACT_PLACES(X)
#undef X
}

static bool read_rows(struct bench *b, const char *path) {
    struct charset_result cs;
    struct page page;
    struct page_options opt = {.url = {"", 0}, .agent = {"", 0}};
    buf_clear(&b->body);
    buf_clear(&b->utf8);
    buf_clear(&b->clean);
    if (file_read(path, LIMIT_BODY_PLAIN, &b->body, &b->err) != ST_OK) return false;
    if (charset_to_utf8(buf_view(&b->body), slice_of("", 0), true, &b->utf8, &cs, &b->err) != ST_OK) return false;
    if (page_read(b->reader, buf_view(&b->utf8), &opt, &page, &b->err) != ST_OK) return false;
    page_strip(buf_view(&b->utf8), &b->clean);
    return page_tree_build(&b->tree, buf_view(&b->clean), 200000, &b->err) == ST_OK && blocks_build(&b->blocks, &b->tree) &&
           features_read(&b->features, &b->tree, &b->blocks, page.title);
}

static void write_rows(struct bench *b, const char *path, FILE *text, FILE *rows) {
    struct json_out j;
    buf_clear(&b->line);
    json_out_init(&j, &b->line);
    json_object(&j);
    json_kv_str(&j, "file", slice_str(path));
    json_key(&j, "blocks");
    json_array(&j);
    for (size_t i = 0; i < b->blocks.n; i++) json_string(&j, block_text(&b->blocks, i));
    json_array_end(&j);
    json_key(&j, "group");
    json_array(&j);
    for (size_t i = 0; i < b->blocks.n; i++) json_int(&j, b->features.group_of[i]);
    json_array_end(&j);
    json_object_end(&j);
    buf_char(&b->line, '\n');
    fwrite(b->line.data, 1, b->line.len, text);
    fwrite(b->features.rows, sizeof(float), b->blocks.n * FEATURES, rows);
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--names") == 0) {
        print_names();
        return 0;
    }
    FILE *list = argc == 4 ? fopen(argv[1], "r") : NULL, *text = list ? fopen(argv[2], "wb") : NULL,
         *rows = text ? fopen(argv[3], "wb") : NULL;
    struct bench b = {.reader = page_reader_new()};
    struct extract_cues *cues = extract_cues_new();
    if (!rows || !b.reader || !cues) return 64;
    features_init(&b.features, cues);
    blocks_init(&b.blocks);
    page_tree_init(&b.tree);
    buf_init(&b.err, LIMIT_ERR);
    char path[4096];
    int failed = 0;
    while (fgets(path, sizeof path, list)) {
        path[strcspn(path, "\n")] = 0;
        if (read_rows(&b, path))
            write_rows(&b, path, text, rows);
        else
            failed = 1;
    }
    failed |= fclose(text) | fclose(rows);
    return failed;
}
