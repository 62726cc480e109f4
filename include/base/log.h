/* SPDX-License-Identifier: MIT */
/*
 * base/log.h - hale's own lines on stderr
 *
 * One line is one write of at most LOG_LINE_MAX bytes, so that it does not
 * mix with the service's. A line waits for nobody to read it: where stderr has
 * no room it is dropped and counted, and the next line that fits says how many
 * were. Only a terminal that another process is writing to at that moment gets
 * LOG_TERMINAL_MS, LOG_TERMINAL_TRIES times at most and only if no line has
 * been dropped before. stderr is shared with the service, so its flags are left
 * alone.
 */
#ifndef HALE_BASE_LOG_H
#define HALE_BASE_LOG_H

struct buf;

#define LOG_LINE_MAX 1024	/* bytes with prefix and newline; < PIPE_BUF */
#define LOG_TERMINAL_MS    5	/* for another's write to a terminal to end */
#define LOG_TERMINAL_TRIES 3

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO };

/* What is said from now on: level and all above. LOG_WARN until then. */
void log_level(enum log_level level);

/* Each line starts with what `write` appends, in place of "hale: "; NULL:
 * "hale: " again. */
typedef void log_start(struct buf *b, enum log_level level);
void log_start_with(log_start *write);

/* Formats are buf_fmt()'s. Too long a line ends in "...". */
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
