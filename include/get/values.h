/* SPDX-License-Identifier: MIT */
/*
 * get/values.h - what the value of each of curl's options means
 *
 * Each is an opt_add (base/opt_table.h) of a terminated value. Returns 0,
 * ERR_PARSE or ERR_RANGE for a value that is not what the option expects, or
 * -errno: of the file that the value names after its first '@', or -ENOMEM.
 * Nothing is printed.
 */
#ifndef HALE_GET_VALUES_H
#define HALE_GET_VALUES_H

#include "base/opt_table.h"

/* field is an int64_t: a whole number; the same or -1; bytes, a fraction too if
 * k, M, G, T or P multiplies them; seconds with a fraction, in milliseconds, 0
 * (no end) if hale cannot count so many but curl can. */
opt_add value_count, value_redirs, value_size, value_seconds;

/* field is a struct option_words, which has room for all. */
opt_add value_word;

/* field is a const char *. A name is not empty, one of a certificate has no
 * colon either, a line has no control byte, a token is a name and a line; an
 * empty login is NULL. */
opt_add value_name, value_cert, value_line, value_token, value_login,
        value_referer, value_sha256;

/* field is the struct options. */
opt_add value_data, value_data_raw, value_data_binary, value_data_urlencode,
        value_json, value_header, value_bearer, value_cookie, value_range,
        value_output, value_remote_name, value_abstract, value_write_out;

/* field is the struct options; the value is empty for "--no-". The last one
 * counts. */
opt_add value_fail, value_fail_with_body;

#endif
