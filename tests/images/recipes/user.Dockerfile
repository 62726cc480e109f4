# A base whose user is 1001: with a name and a home, which os/user and HOME need.
ARG BASE=hale-base:0.1.0
FROM ${BASE} AS base

FROM debian:bookworm-slim AS users
COPY --from=base /etc/passwd /etc/group /root/etc/
RUN echo 'app:x:1001:1001:app:/home/app:/sbin/nologin' >>/root/etc/passwd \
 && echo 'app:x:1001:' >>/root/etc/group \
 && mkdir -p /root/home/app && chown 1001:1001 /root/home/app

FROM base
COPY --from=users /root/etc/ /etc/
COPY --from=users /root/home/ /home/
USER 1001:1001
