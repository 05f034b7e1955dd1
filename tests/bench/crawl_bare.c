/*
 * What a crawler cannot do without: download a list of URLs with libcurl's multi interface, one thread, bodies in memory; with
 * --parse, each body goes through libxml2's HTML parser too.
 *
 *   crawl_bare OPEN [--parse] < URLS
 */
#include <curl/curl.h>
#include <libxml/HTMLparser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct transfer {
    CURL *easy;
    char *body;
    size_t len, cap;
};

static size_t on_body(char *data, size_t one, size_t size, void *ctx) {
    struct transfer *t = ctx;
    size *= one;
    if (t->len + size > t->cap) {
        t->cap = (t->len + size) * 2;
        char *more = realloc(t->body, t->cap);
        if (!more) return 0;
        t->body = more;
    }
    memcpy(t->body + t->len, data, size);
    t->len += size;
    return size;
}

static bool next(CURLM *multi, struct transfer *t) {
    char line[4096];
    if (!fgets(line, sizeof line, stdin)) return false;
    line[strcspn(line, "\n")] = 0;
    t->len = 0;
    curl_easy_setopt(t->easy, CURLOPT_URL, line);
    curl_multi_add_handle(multi, t->easy);
    return true;
}

static void parse(const struct transfer *t) {
    htmlDocPtr doc = htmlReadMemory(t->body, (int)t->len, NULL, "UTF-8",
                                    HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET);
    xmlFreeDoc(doc);
}

int main(int argc, char **argv) {
    if (argc < 2) return 64;
    unsigned open = (unsigned)strtoul(argv[1], NULL, 10);
    bool parses = argc > 2;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM *multi = curl_multi_init();
    struct transfer *transfers = calloc(open, sizeof *transfers);
    if (!multi || !transfers) return 70;
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 1100L);
    for (unsigned i = 0; i < open; i++) {
        struct transfer *t = &transfers[i];
        if (!(t->easy = curl_easy_init())) return 70;
        curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
        curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
        curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
        next(multi, t);
    }
    long pages = 0, failed = 0;
    size_t bytes = 0;
    for (int running = 1; running;) {
        int left;
        CURLMsg *m;
        curl_multi_perform(multi, &running);
        while ((m = curl_multi_info_read(multi, &left))) {
            struct transfer *t;
            long status = 0;
            curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
            curl_easy_getinfo(m->easy_handle, CURLINFO_RESPONSE_CODE, &status);
            failed += m->data.result != CURLE_OK || status != 200;
            pages++;
            bytes += t->len;
            if (parses && t->len) parse(t);
            curl_multi_remove_handle(multi, t->easy);
            if (next(multi, t)) running++;
        }
        if (running) curl_multi_poll(multi, NULL, 0, 100, NULL);
    }
    printf("%ld %ld %zu\n", pages, failed, bytes);
    return 0;
}
