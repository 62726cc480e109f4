# stand-ins.Dockerfile - the base images that the Dockerfiles here start from, made of
# Debian's packages where no registry can be reached.
#
# A target for each; tests/images/conftest.py tags it with the public name. What they
# hold may be older than the name says.
FROM debian:bookworm-slim AS debian
RUN sed -n 's/^deb \([^ ]*\) bookworm main.*/deb \1 bookworm-backports main/p' \
	/etc/apt/sources.list >/etc/apt/sources.list.d/backports.list \
 && apt-get -q update
ENV DEBIAN_FRONTEND=noninteractive

# Without modules: libraries are Debian's, in its GOPATH.
FROM debian AS go
RUN apt-get -q -y install --no-install-recommends golang-1.22-go ca-certificates \
	golang-github-lib-pq-dev golang-github-gomodule-redigo-dev golang-golang-x-crypto-dev
ENV PATH=/usr/lib/go-1.22/bin:$PATH GO111MODULE=off GOPATH=/usr/share/gocode

# As in the public image: a user, a database and a password of POSTGRES_*, and SIGINT.
FROM debian AS postgres
RUN mkdir /etc/postgresql-common \
 && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf \
 && apt-get -q -y install --no-install-recommends postgresql-15
ENV PATH=/usr/lib/postgresql/15/bin:$PATH PGDATA=/var/lib/postgresql/data
COPY compose/postgres.sh /usr/local/bin/docker-entrypoint.sh
RUN echo "listen_addresses = '*'" >>/usr/share/postgresql/15/postgresql.conf.sample
VOLUME /var/lib/postgresql/data
STOPSIGNAL SIGINT
EXPOSE 5432
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]

# As in the public image: no protected mode, since a container has no other guests.
FROM debian AS redis
RUN apt-get -q -y install --no-install-recommends redis-server && install -d -o redis -g redis /data
USER redis
WORKDIR /data
EXPOSE 6379
ENTRYPOINT ["redis-server", "--protected-mode", "no"]
