#ifndef VILLERS_CLI_CONFIG_YAML_H
#define VILLERS_CLI_CONFIG_YAML_H
/*
 * libcyaml with its errors turned into one line "FILE:LINE: what is wrong".
 */
#include "base/buf.h"
#include <cyaml/cyaml.h>

/**
 * config_yaml_load(path, schema, out, err):
 * Read the YAML file at ${path} into a struct of ${schema} (a pointer to a mapping).  *${out} is owned by the caller:
 * config_yaml_free().  FATAL with "path:line: …" for anything that the schema does not take.
 */
enum status config_yaml_load(const char *path, const cyaml_schema_value_t *schema, void **out, struct buf *err) MUST_CHECK;
void config_yaml_free(const cyaml_schema_value_t *schema, void *data);
/** config_yaml_line(path, key): the line from 1 where top-level ${key} stands in the file, or 1: for errors found after loading. */
unsigned config_yaml_line(const char *path, const char *key);

#endif
