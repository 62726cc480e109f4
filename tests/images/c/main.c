/*
 * main.c - a web service that tells the time, by libmicrohttpd
 *
 * SPDX-License-Identifier: MIT
 */
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_S 5	/* for the answers under way at the stop */

static struct {
	pthread_mutex_t lock;
	pthread_cond_t  closed;
	unsigned        n;
} clients = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 };

static void
count(void *cls, struct MHD_Connection *client, void **state,
      enum MHD_ConnectionNotificationCode what)
{
	(void)cls, (void)client, (void)state;
	pthread_mutex_lock(&clients.lock);
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		clients.n++;
	else
		clients.n--;
	pthread_cond_signal(&clients.closed);
	pthread_mutex_unlock(&clients.lock);
}

/* MHD_stop_daemon alone would cut them. */
static void
finish(struct MHD_Daemon *web)
{
	int fd = MHD_quiesce_daemon(web), late = 0;
	struct timespec end;

	shutdown(fd, SHUT_RDWR);	/* who comes now is refused at once */
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += PATIENCE_S;
	pthread_mutex_lock(&clients.lock);
	while (clients.n > 0 && late == 0)
		late = pthread_cond_timedwait(&clients.closed, &clients.lock,
		                              &end);
	pthread_mutex_unlock(&clients.lock);
	MHD_stop_daemon(web);
	close(fd);
}

static enum MHD_Result
reply(struct MHD_Connection *to, unsigned status, const char *text)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
		strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result queued;

	if (!r)
		return MHD_NO;
	queued = MHD_queue_response(to, status, r);
	MHD_destroy_response(r);
	return queued;
}

static enum MHD_Result
answer(void *cls, struct MHD_Connection *to, const char *url,
       const char *method, const char *version, const char *body,
       size_t *body_len, void **state)
{
	char text[64];
	time_t now = time(NULL);
	struct tm tm;

	(void)cls, (void)version, (void)body, (void)state;
	if (strcmp(method, "GET") != 0 || *body_len > 0)
		return reply(to, MHD_HTTP_METHOD_NOT_ALLOWED, "GET only\n");
	if (strcmp(url, "/healthz") == 0)
		return reply(to, MHD_HTTP_OK, "ok\n");
	if (strcmp(url, "/") != 0)
		return reply(to, MHD_HTTP_NOT_FOUND, "there is only /\n");
	gmtime_r(&now, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ\n", &tm);
	return reply(to, MHD_HTTP_OK, text);
}

int
main(void)
{
	const char *port = getenv("PORT");
	struct MHD_Daemon *web;
	sigset_t stop;
	int sig;

	if (!port)
		port = "8080";
	/* In the server's threads, too: it comes to nobody but sigwait. */
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	pthread_sigmask(SIG_BLOCK, &stop, NULL);
	web = MHD_start_daemon(
		MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ITC |
		MHD_USE_DUAL_STACK | MHD_USE_ERROR_LOG,
		(uint16_t)atoi(port), NULL, NULL, answer,
		NULL, MHD_OPTION_CONNECTION_TIMEOUT, 10u,
		MHD_OPTION_NOTIFY_CONNECTION, count, NULL, MHD_OPTION_END);
	if (!web) {
		fprintf(stderr, "cannot listen on port %s\n", port);
		return 1;
	}
	fprintf(stderr, "listening on port %s, by libmicrohttpd %s\n", port,
	        MHD_get_version());
	sigwait(&stop, &sig);
	finish(web);
	fprintf(stderr, "stopped in order\n");
	return 0;
}
