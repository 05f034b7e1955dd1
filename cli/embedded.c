#include "cli/embedded.h"

/* The assembler brings the files in; the Makefile makes this object depend on them. */
#define EMBED(name, path)                                                                                                          \
    __asm__(".section .rodata\n.global " #name "_begin\n" #name "_begin:\n.incbin \"" path "\"\n.global " #name "_end\n" #name     \
            "_end:\n.byte 0\n.text\n");                                                                                            \
    extern const char name##_begin[], name##_end[]

EMBED(hub_yaml, "config/hub.yaml");
EMBED(source_yaml, "config/source.yaml");
EMBED(campaign_yaml, "config/campaign.yaml");
#ifndef VILLERS_CATALOGUE
#define VILLERS_CATALOGUE "config/source.yaml" /* for tools that compile without the Makefile */
#endif
EMBED(catalogue, VILLERS_CATALOGUE);

struct slice embedded_hub_yaml(void) {
    return slice_of(hub_yaml_begin, (size_t)(hub_yaml_end - hub_yaml_begin));
}

struct slice embedded_source_yaml(void) {
    return slice_of(source_yaml_begin, (size_t)(source_yaml_end - source_yaml_begin));
}

struct slice embedded_campaign_yaml(void) {
    return slice_of(campaign_yaml_begin, (size_t)(campaign_yaml_end - campaign_yaml_begin));
}

struct slice embedded_catalogue(void) {
    return slice_of(catalogue_begin, (size_t)(catalogue_end - catalogue_begin));
}
