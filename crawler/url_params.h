#ifndef VILLERS_CRAWLER_URL_PARAMS_H
#define VILLERS_CRAWLER_URL_PARAMS_H
/*
 * Which parameters of a URL say only how a reader came to a page or which session they have.
 */
#include "crawler/url.h"

/**
 * url_param_stripped(opt, name, value):
 * Whether the parameter ${name}=${value} goes.  Names are compared without regard to ASCII case.  Thread-safe.
 */
bool url_param_stripped(const struct url_options *opt, struct slice name, struct slice value);

#endif
