#ifndef VILLERS_CLI_EMBEDDED_H
#define VILLERS_CLI_EMBEDDED_H
/*
 * Files of config/ that the program carries with it.
 */
#include "base/slice.h"

/** embedded_hub_yaml(): config/hub.yaml, static. */
struct slice embedded_hub_yaml(void);
/** embedded_source_yaml(), embedded_campaign_yaml(): the examples that `init` explains with, static. */
struct slice embedded_source_yaml(void);
struct slice embedded_campaign_yaml(void);
/** embedded_catalogue(): every config/sources/ID.yaml behind a line "=== ID", static. */
struct slice embedded_catalogue(void);

#endif
